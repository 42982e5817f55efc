{{- /* What reaches Kafka needs, without the password: include "op.kafkaEnvironment" (list $ user), user with username and secret. */ -}}
{{- define "op.kafkaEnvironment" -}}
{{- $root := index . 0 -}}
{{- $user := index . 1 -}}
{{- with $root.Values.kafka -}}
KAFKA_BROKERS: {{ .brokers | quote }}
{{- if .tls.enabled }}
KAFKA_SSL: "on"
{{- if or .tls.caSecret .tls.caConfigMap }}
KAFKA_SSL_CA_FILE: /run/order-pipeline/kafka/ca.crt
{{- end }}
{{- end }}
{{- if .sasl.mechanism }}
KAFKA_SASL_MECHANISM: {{ .sasl.mechanism | quote }}
KAFKA_SASL_USERNAME: {{ $user.username | quote }}
KAFKA_SASL_PASSWORD_FILE: /run/order-pipeline/secrets/kafka-password
{{- end }}
{{- with .compression }}
KAFKA_COMPRESSION: {{ . | quote }}
{{- end }}
KAFKA_TOPIC_PARTITIONS: {{ include "op.text" .topics.partitions | quote }}
{{- if .topics.replicationFactor }}
KAFKA_TOPIC_REPLICATION_FACTOR: {{ include "op.text" .topics.replicationFactor | quote }}
{{- end }}
{{- if .topics.minInSyncReplicas }}
KAFKA_TOPIC_MIN_IN_SYNC_REPLICAS: {{ include "op.text" .topics.minInSyncReplicas | quote }}
{{- end }}
{{- if .topics.retentionMs }}
KAFKA_TOPIC_RETENTION_MS: {{ include "op.text" .topics.retentionMs | quote }}
{{- end }}
{{- end -}}
{{- end -}}

{{- /* The user for Kafka of a service or of the audit: include "op.kafkaUser" (list $ kafka). */ -}}
{{- define "op.kafkaUser" -}}
{{- $root := index . 0 -}}
{{- $own := default dict (index . 1) -}}
{{- $sasl := $root.Values.kafka.sasl -}}
username: {{ default $sasl.username $own.username | quote }}
secret: {{ default $sasl.secret $own.secret | quote }}
key: {{ default $sasl.key $own.key | quote }}
{{- end -}}

{{- define "op.accessEnvironment" -}}
{{- $access := .Values.access -}}
{{- if $access.open }}
AUTH: "off"
{{- else }}
AUTH_ISSUER: {{ $access.issuer | quote }}
AUTH_AUDIENCE: {{ $access.audience | quote }}
{{- with $access.jwksUrl }}
AUTH_JWKS_URL: {{ . | quote }}
{{- end }}
{{- with $access.userClaim }}
AUTH_USER_CLAIM: {{ . | quote }}
{{- end }}
{{- with $access.scopeClaim }}
AUTH_SCOPE_CLAIM: {{ . | quote }}
{{- end }}
{{- end }}
{{- if $access.operatorToken.secret }}
OPERATOR_TOKEN_FILE: /run/order-pipeline/secrets/operator-token
{{- end }}
{{- $hosts := $access.allowedHosts }}
{{- if not $hosts }}
{{- if .Values.gateway.ingress.enabled }}{{ range .Values.gateway.ingress.hosts }}{{ $hosts = append $hosts .host }}{{ end }}{{ end }}
{{- if .Values.gateway.httpRoute.enabled }}{{ $hosts = concat $hosts .Values.gateway.httpRoute.hostnames }}{{ end }}
{{- end }}
{{- with $hosts }}
ALLOWED_HOSTS: {{ uniq . | join "," | quote }}
{{- end }}
{{- with $access.trustedProxies }}
TRUSTED_PROXIES: {{ join "," . | quote }}
{{- end }}
{{- end -}}

{{- /* Everything that a service is told and that is no secret: include "op.environment" (list $ "orders" registered values). */ -}}
{{- define "op.environment" -}}
{{- $root := index . 0 -}}
{{- $name := index . 1 -}}
{{- $registered := index . 2 -}}
{{- $service := index . 3 -}}
{{- $scheme := ternary "https" "http" $root.Values.tls.enabled -}}
METRICS_PORT: "9464"
SHUTDOWN_DELAY_MS: {{ include "op.text" $root.Values.shutdownDelayMs | quote }}
{{- with $registered.database }}
MIGRATE: {{ ternary "start" "off" (eq $root.Values.migrate.mode "start") | quote }}
{{ include "op.variable" . }}_DATABASE_URL_FILE: /run/order-pipeline/secrets/database-url
{{- if and (eq $root.Values.migrate.mode "start") (index $root.Values.databases .).migrationSecret }}
{{ include "op.variable" . }}_MIGRATION_DATABASE_URL_FILE: /run/order-pipeline/secrets/migration-database-url
{{- end }}
{{- if (index $root.Values.databases .).readSecret }}
{{ include "op.variable" . }}_DATABASE_READ_URL_FILE: /run/order-pipeline/secrets/database-read-url
{{- end }}
{{- end }}
{{- if $registered.kafka }}
{{ include "op.kafkaEnvironment" (list $root (include "op.kafkaUser" (list $root $service.kafka) | fromYaml)) }}
{{- end }}
{{- range $registered.asks }}
{{ include "op.variable" . }}_URL: {{ printf "%s://%s-%s:3000" $scheme (include "op.fullname" $root) . | quote }}
{{- end }}
{{- if $root.Values.tls.enabled }}
TLS_CERT_FILE: /run/order-pipeline/tls/tls.crt
TLS_KEY_FILE: /run/order-pipeline/tls/tls.key
TLS_CA_FILE: /run/order-pipeline/tls/ca.crt
{{- end }}
{{- if eq $name "api-gateway" }}
{{- include "op.accessEnvironment" $root }}
{{- end }}
{{- $archive := $root.Values.archive.enabled | ternary (dict "RETAIN_ORDERS_DAYS" $root.Values.archive.retainOrdersDays) dict }}
{{- range $setting, $value := mergeOverwrite $archive (deepCopy $root.Values.settings) (deepCopy $service.settings) }}
{{- if has $setting $registered.settings }}
{{ $setting }}: {{ include "op.text" $value | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* A Secret's key as a file: include "op.secretFile" (list "name" "key" "file"). */ -}}
{{- define "op.secretFile" -}}
- secret:
    name: {{ index . 0 | quote }}
    items: [{ key: {{ index . 1 | quote }}, path: {{ index . 2 | quote }} }]
{{- end -}}

{{- /* The authorities of Kafka and PostgreSQL: include "op.authorityVolumes" (list $ usesKafka usesDatabase). */ -}}
{{- define "op.authorityVolumes" -}}
{{- $root := index . 0 -}}
{{- with $root.Values.kafka.tls }}
{{- if and (index $ 1) .enabled (or .caSecret .caConfigMap) }}
- name: kafka-ca
  {{- if .caSecret }}
  secret:
    secretName: {{ .caSecret | quote }}
  {{- else }}
  configMap:
    name: {{ .caConfigMap | quote }}
  {{- end }}
    defaultMode: 288 # 0440
    items: [{ key: {{ .caKey | quote }}, path: ca.crt }]
{{- end }}
{{- end }}
{{- with $root.Values.databaseCa }}
{{- if and (index $ 2) .secret }}
- name: postgresql-ca
  secret:
    secretName: {{ .secret | quote }}
    defaultMode: 288
    items: [{ key: {{ .key | quote }}, path: ca.crt }]
{{- end }}
{{- end }}
{{- end -}}

{{- define "op.authorityMounts" -}}
{{- $root := index . 0 -}}
{{- with $root.Values.kafka.tls }}
{{- if and (index $ 1) .enabled (or .caSecret .caConfigMap) }}
- { name: kafka-ca, mountPath: /run/order-pipeline/kafka, readOnly: true }
{{- end }}
{{- end }}
{{- if and (index $ 2) $root.Values.databaseCa.secret }}
- { name: postgresql-ca, mountPath: /run/order-pipeline/postgresql, readOnly: true }
{{- end }}
{{- end -}}

{{- /* The secrets of a service, a file each. */ -}}
{{- define "op.secretFiles" -}}
{{- $root := index . 0 -}}
{{- $name := index . 1 -}}
{{- $registered := index . 2 -}}
{{- $service := index . 3 -}}
{{- with $registered.database }}
{{- $database := index $root.Values.databases . }}
{{ include "op.secretFile" (list $database.secret $database.key "database-url") }}
{{- if and (eq $root.Values.migrate.mode "start") $database.migrationSecret }}
{{ include "op.secretFile" (list $database.migrationSecret $database.migrationKey "migration-database-url") }}
{{- end }}
{{- if $database.readSecret }}
{{ include "op.secretFile" (list $database.readSecret $database.readKey "database-read-url") }}
{{- end }}
{{- end }}
{{- if and $registered.kafka $root.Values.kafka.sasl.mechanism }}
{{- $user := include "op.kafkaUser" (list $root $service.kafka) | fromYaml }}
{{ include "op.secretFile" (list $user.secret $user.key "kafka-password") }}
{{- end }}
{{- with $root.Values.access.operatorToken }}
{{- if and (eq $name "api-gateway") .secret }}
{{ include "op.secretFile" (list .secret .key "operator-token") }}
{{- end }}
{{- end }}
{{- end -}}
