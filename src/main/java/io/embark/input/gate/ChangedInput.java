package io.embark.input.gate;

import org.apache.hadoop.fs.Path;

/** A file that was changed while a run reads it. The next run reads it as it is then. */
public final class ChangedInput extends IllegalStateException {
  private static final long serialVersionUID = 1;

  public ChangedInput(Path file, String how) {
    super(
        "input: %s %s. Nothing of this run was published; run it again once nobody writes there."
            .formatted(file, how));
  }
}
