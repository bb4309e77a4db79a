// Where bytes lie, as the driver that keeps them knows it. Domains carry a Location about; only engines look inside.

export interface Location {
  readonly kind: 'host-path'
  /** Absolute path on the machine that runs the engine. */
  readonly path: string
}

export function hostPath(path: string): Location {
  return { kind: 'host-path', path }
}
