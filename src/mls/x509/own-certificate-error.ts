/** A certificate of the verifier's own, not one that was sent, cannot be read: a fault of whoever configured it. */
export class OwnCertificateError extends RangeError {
  readonly of: "anchors" | "intermediates";
  constructor(of: OwnCertificateError["of"], message: string) {
    super(message);
    this.name = "OwnCertificateError";
    this.of = of;
  }
}
