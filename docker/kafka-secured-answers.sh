#!/bin/bash
# As kafka-answers.sh, where a broker takes nobody without a password: which versions of which requests it knows, it tells
# before a login too. The broker's own port is in the clear, inside its container.
set -eu
exec 3<>/dev/tcp/127.0.0.1/9094

# Length 16; ApiVersions (18), version 0; correlation id 1; client id "health".
printf '\x00\x00\x00\x10\x00\x12\x00\x00\x00\x00\x00\x01\x00\x06health' >&3

# Length and correlation id, four bytes each; two of an error.
read -r -a bytes < <(timeout 3 head -c 10 <&3 | od -An -v -tu1 -w10)
[ "${#bytes[@]}" -eq 10 ] && [ "${bytes[7]}" -eq 1 ] && [ "${bytes[8]}${bytes[9]}" = 00 ]
