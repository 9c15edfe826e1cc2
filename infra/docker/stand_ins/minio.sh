#!/bin/sh
# `minio server FOLDER --address ADDRESS`, done by the JuiceFS gateway, which is MinIO's server code over another disk layer.
set -eu
folder=$2
address=$4
set -a
# shellcheck disable=SC1090 # the file that docker-compose.yml mounts
. "$MINIO_CONFIG_ENV_FILE"
set +a
python3 /usr/local/lib/forward.py &
for target in FAST SAFE; do
    export "MINIO_NOTIFY_WEBHOOK_ENDPOINT_$target=http://127.0.0.1:8750/hooks/s3"
done
meta="sqlite3://$folder/meta.db?_journal=WAL"
[ -e "$folder/meta.db" ] || juicefs --no-agent format --storage file --bucket "$folder/data/" --trash-days 0 "$meta" store
exec juicefs --no-agent gateway --multi-buckets --keep-etag --object-tag --object-meta --no-banner --no-usage-report \
    --metrics 127.0.0.1:0 --cache-dir "$folder/cache" --cache-size 0 "$meta" "0.0.0.0$address"
