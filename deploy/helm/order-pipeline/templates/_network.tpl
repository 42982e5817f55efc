{{- /* Pods of this release by their component: include "op.pods" (list $ "orders"). */ -}}
{{- define "op.pods" -}}
podSelector:
  matchLabels:
    {{- include "op.selectorLabels" . | nindent 4 }}
{{- end -}}

{{- /* One rule of where pods may go: include "op.egress" (list rule "TCP"). */ -}}
{{- define "op.egress" -}}
{{- $rule := index . 0 -}}
- ports:
    {{- range $rule.ports }}
    {{- $port := . }}
    {{- range slice $ 1 }}
    - { protocol: {{ . }}, port: {{ $port }} }
    {{- end }}
    {{- end }}
  {{- with $rule.to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
