{{- define "op.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{ .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "op.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ default $.Chart.AppVersion .tag }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* What the services are, as the tree has it: files/services.yaml. */ -}}
{{- define "op.registry" -}}
{{ .Files.Get "files/services.yaml" }}
{{- end -}}

{{- /* The values of a service, with what holds for all of them: include "op.service" (list $ "orders"). */ -}}
{{- define "op.service" -}}
{{- $root := index . 0 -}}
{{- $own := default dict (index $root.Values.services (index . 1)) -}}
{{ mergeOverwrite (deepCopy $root.Values.defaults) (deepCopy $own) | toYaml }}
{{- end -}}

{{- /* include "op.selectorLabels" (list $ "orders") */ -}}
{{- define "op.selectorLabels" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ default $root.Chart.Name $root.Values.nameOverride | trunc 63 | quote }}
app.kubernetes.io/instance: {{ $root.Release.Name | quote }}
app.kubernetes.io/component: {{ index . 1 | quote }}
{{- end -}}

{{- define "op.labels" -}}
{{- $root := index . 0 -}}
{{ include "op.selectorLabels" . }}
app.kubernetes.io/version: {{ default $root.Chart.AppVersion $root.Values.image.tag | trunc 63 | quote }}
app.kubernetes.io/part-of: order-pipeline
app.kubernetes.io/managed-by: {{ $root.Release.Service | quote }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | quote }}
{{- end -}}

{{- /* What a pod of the restricted profile says of itself. The user is that of the image. */ -}}
{{- define "op.podSecurity" -}}
automountServiceAccountToken: false
# Variables that Kubernetes would make of Services might be settings.
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  fsGroup: 1000
  seccompProfile: { type: RuntimeDefault }
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "op.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end -}}

{{- define "op.tlsSecret" -}}
{{- $root := index . 0 -}}
{{ default (printf "%s-%s-tls" (include "op.fullname" $root) (index . 1)) (index $root.Values.tls.secrets (index . 1)) }}
{{- end -}}

{{- define "op.variable" -}}
{{ . | upper | replace "-" "_" }}
{{- end -}}

{{- /* A number or a text as it was written: helm reads numbers as floats, and would write 6e+08. */ -}}
{{- define "op.text" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) -}}
{{ printf "%.0f" . }}
{{- else -}}
{{ toString . }}
{{- end -}}
{{- end -}}
