/**
 * Engine time: milliseconds that never go back and never jump, whatever the wall clock does (rule 12).
 * It starts near the wall clock, so that it reads like one, and goes on where it stopped after a restart.
 */
export interface Clock {
  now(): number;
  /** What the wall clock says, for people and for records. */
  wall(): number;
}
