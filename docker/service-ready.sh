# Whether the service of this container is ready, for Docker's health checks.
set -e
# Where that is a port of its own, it speaks no TLS.
exec 3<>"/dev/tcp/127.0.0.1/${METRICS_PORT:-3000}"
printf 'GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
read -r _ status _ <&3
[ "$status" = 200 ]
