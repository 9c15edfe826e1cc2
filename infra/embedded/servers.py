"""The real servers behind tests, `gouji demo` and `gouji up`, in one place to import from."""

from infra.embedded.broker import Broker
from infra.embedded.mail import MailCatcher
from infra.embedded.object_store import ObjectStore, Webhook
from infra.embedded.postgres import Postgres
from infra.embedded.process import StartError, free_port

__all__ = ["Broker", "MailCatcher", "ObjectStore", "Postgres", "StartError", "Webhook", "free_port"]
