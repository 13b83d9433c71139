export type EngineLog = (level: "info" | "warn" | "error", message: string, facts?: Record<string, unknown>) => void;
