#!/bin/sh
# Makes the secrets that docker-compose.yml mounts, each once and at random, in ./secrets (or the folder given).
# Run it before the first `docker compose up`; run again, it adds what is missing and changes nothing.
#
# The folder is closed to other users (700). The files in it are readable (644), because a container's user must read
# them through its mount, and compose mounts a file with the owner and mode it has on the host.
set -eu
folder=${1:-$(dirname "$0")/../../secrets}
umask 077
mkdir -p "$folder"
chmod 700 "$folder"
cd "$folder"
echo '*' >.gitignore # never to be committed

random() { od -An -N "$1" -tx1 /dev/urandom | tr -d ' \n'; }

keep() { # NAME: takes the contents from standard input, unless the file is there
    if [ -e "$1" ]; then
        cat >/dev/null
    else
        cat >"$1.new"
        chmod 644 "$1.new"
        mv "$1.new" "$1"
        echo "made $1"
    fi
}

random 32 | keep gouji_secret_key
random 24 | keep gouji_hook_token
random 10 | keep gouji_s3_access_key
random 24 | keep gouji_s3_secret_key
random 24 | keep db_password
random 24 | keep broker_password
printf '' | keep gouji_smtp_password # fill in by hand where the relay wants a login

# The same secrets in the shape that each server reads.
keep gouji_database_url <<END
postgresql+psycopg://gouji:$(cat db_password)@db:5432/gouji
END
keep gouji_broker_url <<END
redis://:$(cat broker_password)@broker:6379/0
END
keep broker_conf <<END
user default on >$(cat broker_password) ~* &* +@all -@admin -@dangerous +info
END
keep store_env <<END
MINIO_ROOT_USER=$(cat gouji_s3_access_key)
MINIO_ROOT_PASSWORD=$(cat gouji_s3_secret_key)
MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_FAST=$(cat gouji_hook_token)
MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_SAFE=$(cat gouji_hook_token)
END
