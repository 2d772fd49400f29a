package io.embark.browser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A headless Chromium that reaches no network, for pages that must work without one. */
public final class Chromium {
  private final Path program;

  private Chromium(Path program) {
    this.program = program;
  }

  /** What a user may prefer pages to look like, in the order that Chromium numbers them. */
  public enum Scheme {
    DARK,
    LIGHT;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** The browser of this machine; without one the test is skipped. */
  public static Chromium orSkip() {
    Path found =
        Stream.of(System.getenv("PATH").split(File.pathSeparator))
            .flatMap(
                folder ->
                    Stream.of("chromium", "chromium-browser", "google-chrome", "chrome")
                        .map(name -> Path.of(folder, name)))
            .filter(Files::isExecutable)
            .findFirst()
            .orElse(null);
    assumeTrue(found != null, "no chromium, google-chrome or chrome on the PATH");
    return new Chromium(found);
  }

  /**
   * Opens a page and waits until its scripts have run. Fails if anything was written to the
   * console, as errors are.
   *
   * @param scratch a directory for the browser's own files
   * @return the document as it is then
   */
  public String open(Path page, Path scratch, Scheme scheme)
      throws IOException, InterruptedException {
    Path dom = scratch.resolve("dom-" + scheme);
    Path log = scratch.resolve("log-" + scheme);
    Process process =
        new ProcessBuilder(
                program.toString(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--host-resolver-rules=MAP * ~NOTFOUND",
                "--user-data-dir=" + scratch.resolve("profile-" + scheme),
                "--blink-settings=preferredColorScheme=" + scheme.ordinal(),
                "--enable-logging=stderr",
                "--virtual-time-budget=3000",
                "--window-size=900,1200",
                "--dump-dom",
                page.toUri().toString())
            .redirectOutput(dom.toFile())
            .redirectError(log.toFile())
            .start();
    try {
      assertThat(process.waitFor(120, TimeUnit.SECONDS)).as("browser ended").isTrue();
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    assertThat(Files.readString(log)).doesNotContain("CONSOLE");
    return Files.readString(dom);
  }
}
