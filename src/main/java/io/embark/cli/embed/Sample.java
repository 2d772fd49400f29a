package io.embark.cli.embed;

import io.embark.UserError;
import java.nio.file.Files;
import java.nio.file.Path;

/** The texts shipped with Embark. */
public final class Sample {
  private Sample() {}

  /**
   * The shipped sample, in the distribution that the start script names.
   *
   * @return a URI
   * @throws UserError if there is none
   */
  public static String file() {
    String home = System.getProperty("embark.home", ".");
    Path file = Path.of(home, "sample", "texts.jsonl");
    if (!Files.isRegularFile(file)) {
      throw new UserError(
          ("input: missing, and the shipped sample is not at %s. Say what to embed with --input"
                  + " URI, or start this job with Embark's own jobs/embed.sh.")
              .formatted(file.toAbsolutePath()));
    }
    // Not toUri(): Hadoop takes a path as it is, and would look for "%20" where a folder has a
    // space.
    return "file://" + file.toAbsolutePath().normalize();
  }
}
