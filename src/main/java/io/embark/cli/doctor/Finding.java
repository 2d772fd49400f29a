package io.embark.cli.doctor;

import java.io.Serializable;

/**
 * What one check found at one place.
 *
 * @param check its name
 * @param value what was found, short; equal values are shown once for all places
 * @param wayOut what to do about it; empty where all is well
 */
record Finding(String check, Verdict verdict, String value, String wayOut) implements Serializable {
  enum Verdict {
    OK,
    WARNING,
    FAILED
  }

  static Finding ok(String check, String value) {
    return new Finding(check, Verdict.OK, value, "");
  }

  static Finding warning(String check, String value, String wayOut) {
    return new Finding(check, Verdict.WARNING, value, wayOut);
  }

  static Finding failed(String check, String value, String wayOut) {
    return new Finding(check, Verdict.FAILED, value, wayOut);
  }
}
