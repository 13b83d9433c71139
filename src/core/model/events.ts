// Grows with core/; see ../rollout and ../deployment.
export type DomainEvent = { readonly type: "clock.jumped@1"; readonly data: { readonly byMs: number } };
