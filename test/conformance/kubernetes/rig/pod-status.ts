/** Statuses of pods as templates of KWOK: Go templates that give YAML. */

const PRELUDE = "{{ $now := Now }}\n{{ $root := . }}\n";
/** What the container's status was until now, as `$old`. */
const OLD = "{{ $old := dict }}{{ with $root.status.containerStatuses }}{{ $old = index . $index }}{{ end }}";

/** The pod's conditions as the kubelet sets them. */
function conditions(ready: boolean): string {
  const one = (type: string, status: boolean): string =>
    `- type: ${type}\n  status: "${status ? "True" : "False"}"\n  lastTransitionTime: {{ $now | Quote }}\n${
      status ? "" : "  reason: ContainersNotReady\n  message: containers with unready status\n"
    }`;
  return `conditions:\n${one("PodReadyToStartContainers", true)}${one("Initialized", true)}${one("Ready", ready)}${one("ContainersReady", ready)}`;
}

function addresses(): string {
  return `{{ if not .status.podIP }}
{{ with NodeIPsWith .spec.nodeName }}
hostIP: {{ index . 0 | Quote }}
hostIPs:
{{ range . }}
- ip: {{ . | Quote }}
{{ end }}
{{ end }}
{{ with PodIPsWith .spec.nodeName ( or .spec.hostNetwork false ) ( or .metadata.uid "" ) ( or .metadata.name "" ) ( or .metadata.namespace "" ) }}
podIP: {{ index . 0 | Quote }}
podIPs:
{{ range . }}
- ip: {{ . | Quote }}
{{ end }}
{{ end }}
{{ end }}
startTime: {{ or .status.startTime $now | Quote }}
`;
}

function containers(perContainer: string): string {
  return `containerStatuses:\n{{ range $index, $item := .spec.containers }}\n${OLD}
- name: {{ $item.name | Quote }}
  image: {{ $item.image | Quote }}
  imageID: {{ $item.image | Quote }}
${perContainer}{{ end }}\n`;
}

/** Runs; a container that has run before counts one restart more and keeps how it ended. */
export function running(ready: boolean): string {
  const each = `  ready: ${ready}
  started: true
  restartCount: {{ if $old.lastState }}{{ add (or $old.restartCount 0) 1 }}{{ else }}0{{ end }}
  state:
    running:
      startedAt: {{ $now | Quote }}
{{ with $old.lastState }}
  lastState:
{{ YAML . 2 }}
{{ end }}
`;
  return `${PRELUDE}${conditions(ready)}${containers(each)}${addresses()}phase: Running\n`;
}

export function waiting(why: string, message: string): string {
  const each = `  ready: false
  started: false
  restartCount: 0
  state:
    waiting:
      reason: ${why}
      message: ${JSON.stringify(message)}
`;
  return `${PRELUDE}${conditions(false)}${containers(each)}startTime: {{ or .status.startTime $now | Quote }}\nphase: Pending\n`;
}

export function crashed(why: string, exitCode: number): string {
  const each = `  ready: false
  started: false
  restartCount: {{ or $old.restartCount 0 }}
  state:
    waiting:
      reason: CrashLoopBackOff
      message: {{ printf "back-off 10s restarting failed container=%s" $item.name | Quote }}
  lastState:
    terminated:
      exitCode: ${exitCode}
      reason: ${why}
      startedAt: {{ $now | Quote }}
      finishedAt: {{ $now | Quote }}
`;
  return `${PRELUDE}${conditions(false)}${containers(each)}phase: Running\n`;
}

export function completed(): string {
  const each = `  ready: false
  started: false
  restartCount: 0
  state:
    terminated:
      exitCode: 0
      reason: Completed
      startedAt: {{ $now | Quote }}
      finishedAt: {{ $now | Quote }}
`;
  return `${PRELUDE}${containers(each)}phase: Succeeded\n`;
}

export function evicted(): string {
  return "phase: Failed\nreason: Evicted\nmessage: 'The node was low on resource: memory.'\ncontainerStatuses: []\n";
}
