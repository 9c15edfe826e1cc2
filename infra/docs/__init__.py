"""The pages that are written from the program: `python -m infra.docs` writes them, `--check` tells what is stale."""
