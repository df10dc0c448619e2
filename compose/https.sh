#!/bin/sh
# nginx over HTTPS, to try what browsers do over HTTPS only: a self-signed certificate for localhost, made at
# each start.
set -eu

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj '/CN=localhost' \
  -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1' -keyout /tmp/tls.key -out /tmp/tls.crt 2>/dev/null
printf 'ssl_certificate /tmp/tls.crt;\nssl_certificate_key /tmp/tls.key;\n' >/etc/nginx/conf.d/tls.conf
LISTEN='8443 ssl' exec sh /etc/nginx/start.sh
