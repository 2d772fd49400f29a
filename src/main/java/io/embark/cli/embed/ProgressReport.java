package io.embark.cli.embed;

import io.embark.Choice;
import java.io.Console;
import java.io.PrintWriter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The ways to report how far a run is, once a second. */
enum ProgressReport implements Choice {
  /** As a line on a terminal if there is one, else in the log. */
  AUTO {
    @Override
    ProgressReport settle() {
      return System.console() == null ? LOG : LINE;
    }
  },
  /** One line on the terminal, written over again and again. */
  LINE {
    @Override
    void say(Progress.State state) {
      write(TO_START_AND_CLEAR + cut(state.inWords()) + "\r");
    }

    @Override
    void end() {
      write(TO_START_AND_CLEAR);
    }
  },
  /** A line in the log, every ten seconds during the first minute, then every minute. */
  LOG {
    @Override
    void say(Progress.State state) {
      long second = Math.round(state.seconds());
      if (second > 0 && second % (second <= 60 ? 10 : 60) == 0) {
        LOGGER.info("{}", state.inWords());
      }
    }
  },
  /** Not at all. */
  NONE;

  private static final Logger LOGGER = LoggerFactory.getLogger(Progress.class);

  private static final String TO_START_AND_CLEAR = "\r\u001b[K";
  private static final int COLUMNS = 79;

  /** What {@link #AUTO} stands for here; any other itself. */
  ProgressReport settle() {
    return this;
  }

  void say(Progress.State state) {}

  void end() {}

  /**
   * The cursor is left at the start of the line, so that what is logged meanwhile begins there and
   * not behind the progress.
   */
  private static void write(String text) {
    Console console = System.console();
    PrintWriter out = console == null ? new PrintWriter(System.err) : console.writer();
    out.print(text);
    out.flush();
  }

  private static String cut(String text) {
    return text.length() <= COLUMNS ? text : text.substring(0, COLUMNS);
  }
}
