import { X509Certificate } from "node:crypto";
import fs from "node:fs/promises";
import tls from "node:tls";
import { WindlassError } from "../../../error.js";

export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
}

export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** Wall time in milliseconds. */
  readonly expires: number;
}

/** Reads both files and makes sure that they belong together; rejects with `edge-certificate-invalid`. */
export async function loadCertificate(files: TlsFiles): Promise<Certificate> {
  try {
    const [cert, key] = await Promise.all([fs.readFile(files.certificate), fs.readFile(files.key)]);
    tls.createSecureContext({ cert, key });
    return { cert, key, expires: Date.parse(new X509Certificate(cert).validTo) };
  } catch (cause) {
    throw new WindlassError(
      "edge-certificate-invalid",
      `the certificate ${files.certificate} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`,
      { hint: "Both files must be PEM, readable by Windlass, and the key must belong to the certificate.", cause },
    );
  }
}

/** Changes when either file does; renamed into place, as certbot and Kubernetes do, counts too. */
export async function stampOf(files: TlsFiles): Promise<string> {
  const stamps = await Promise.all(
    [files.certificate, files.key].map(async (file) => {
      try {
        const { mtimeMs, size, ino } = await fs.stat(file);
        return `${mtimeMs}:${size}:${ino}`;
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    }),
  );
  return stamps.join(" ");
}
