const KIBI = 1024;
const UNITS = ["Ki", "Mi", "Gi"] as const;

/** Cores, as an API server writes them itself: `500m`, `2`. At least a thousandth. */
export function cpuQuantity(cores: number): string {
  const thousandths = Math.max(1, Math.round(cores * 1_000));
  return thousandths % 1_000 === 0 ? String(thousandths / 1_000) : `${thousandths}m`;
}

/** Bytes, as an API server writes them itself: `512Mi`, `1Gi`. Rounded up to whole KiB. */
export function memoryQuantity(bytes: number): string {
  let amount = Math.max(1, Math.ceil(bytes / KIBI));
  let unit = 0;
  while (amount % KIBI === 0 && unit < UNITS.length - 1) {
    amount /= KIBI;
    unit++;
  }
  return `${amount}${UNITS[unit]}`;
}

/** Whole seconds, rounded up: what is shorter than a second takes one. */
export function seconds(milliseconds: number): number {
  return Math.ceil(milliseconds / 1_000);
}

/** A duration of the Gateway API (GEP-2257): `30s`, `1500ms`. */
export function gatewayDuration(milliseconds: number): string {
  const whole = Math.max(1, Math.round(milliseconds));
  return whole % 1_000 === 0 || whole > 99_999 ? `${Math.min(seconds(whole), 99_999)}s` : `${whole}ms`;
}
