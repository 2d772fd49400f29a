package io.embark.cli.doctor;

import io.embark.cli.Main;
import io.embark.cli.Words;
import io.embark.cli.doctor.DoctorReport.Finding;
import io.embark.cli.doctor.DoctorReport.Place;
import io.embark.cli.doctor.DoctorReport.Verdict;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Prints a report for people, at most 100 columns wide. */
record DoctorTable(DoctorReport report, Words out) {
  private static final int WIDTH = 100;
  private static final int NAMED = 4;
  private static final String SESSION = "%-18s %-21s %-7s %7s %6s";

  /** Wide enough for 9,999,999 tokens a second: the table must fit its width on a GPU as well. */
  private static final String SPEED = " %11s";

  void print() {
    long others =
        report.places().stream()
            .map(place -> place.executor)
            .filter(executor -> !executor.equals("driver"))
            .distinct()
            .count();
    long executors = Math.max(1, others);
    int hosts = report.hosts().size();
    line(
        "Embark doctor %s, %d executor%s on %d host%s, master %s",
        Main.version(),
        executors,
        executors == 1 ? "" : "s",
        hosts,
        hosts == 1 ? "" : "s",
        report.master());
    places();
    checks();
    plan();
    problems();
  }

  private void places() {
    List<Place> measured =
        report.places().stream().filter(place -> !place.device.isEmpty()).toList();
    if (measured.isEmpty()) {
      return;
    }
    line("");
    StringBuilder shapes = new StringBuilder();
    for (SessionProbe.Speed speed : shapes(measured)) {
      String heading = Words.of(shapes.isEmpty() ? "tok/s at %d" : "at %d", speed.length());
      shapes.append(Words.of(SPEED, heading));
    }
    line(SESSION + "%s", "Sessions", "host", "device", "load ms", "budget", shapes);
    for (Place place : measured) {
      StringBuilder speeds = new StringBuilder();
      for (SessionProbe.Speed speed : shapes(List.of(place))) {
        speeds.append(Words.of(SPEED, Words.of("%,.0f", speed.tokensPerSecond())));
      }
      line(
          SESSION + "%s",
          cut(place.name(), 18),
          cut(place.host, 21),
          cut(place.device, 7),
          place.loadMillis,
          place.speeds == null ? "-" : place.speeds.budget(),
          speeds);
    }
  }

  /** The shapes that were timed, the same in every place; empty where none was. */
  private static List<SessionProbe.Speed> shapes(List<Place> places) {
    return places.stream()
        .filter(place -> place.speeds != null)
        .findFirst()
        .map(place -> place.speeds.speeds())
        .orElse(List.of());
  }

  private void checks() {
    line("");
    line("%-17s %-8s %s", "Checks", "", "found");
    for (DoctorReport.Check check : report.checks()) {
      boolean first = true;
      for (Map.Entry<Finding, Set<String>> found : check.found().entrySet()) {
        String where = check.found().size() == 1 ? "" : " [" + names(found.getValue()) + "]";
        wrapped(
            Words.of("%-17s %-8s ", first ? check.name() : "", first ? check.verdict().name() : ""),
            found.getKey().value() + where);
        first = false;
      }
    }
  }

  private void plan() {
    DoctorPlan plan = report.plan();
    if (plan == null) {
      return;
    }
    line("");
    line("Plan");
    line("  token budget      %,d tokens a batch", plan.tokenBudget());
    if (plan.tasksPerGpu() > 0) {
      line("  tasks per GPU     %d, so that tokenising keeps up with the GPU", plan.tasksPerGpu());
    }
    line(
        "  speed             %,.0f tokens/s in all, at %.0f tokens a row%s",
        plan.tokensPerSecond(),
        plan.tokensPerRow(),
        plan.slots() > plan.measuredSlots()
            ? Words.of(", %,d of %,d slots measured", plan.measuredSlots(), plan.slots())
            : "");
    if (plan.rows() > 0) {
      line("  rows              %,d of %.0f tokens", plan.rows(), plan.tokensPerRow());
      line("  partitions        %,d", plan.partitions());
      line("  estimated time    %s, reading and writing not counted", time(plan.seconds()));
    } else {
      line("  time              say how many rows with --rows N, or name the data with --input");
    }
    line("  flags             %s", plan.flags());
  }

  private void problems() {
    line("");
    int number = 0;
    for (DoctorReport.Check check : report.checks()) {
      boolean well = check.found().keySet().stream().allMatch(f -> f.verdict() == Verdict.OK);
      if (well && check.verdict() != Verdict.OK) {
        wrapped(
            Words.of("%2d. WARNING ", ++number),
            check.name()
                + " differs between places, see above. Make them equal, or expect"
                + " results and speed to differ.");
      }
      for (Map.Entry<Finding, Set<String>> found : check.found().entrySet()) {
        Finding finding = found.getKey();
        if (finding.verdict() != Verdict.OK) {
          wrapped(
              Words.of("%2d. %-7s ", ++number, finding.verdict()),
              Words.of(
                  "%s on %s: %s. %s",
                  check.name(),
                  names(found.getValue()),
                  finding.value().replaceFirst("\\.$", ""),
                  finding.wayOut()));
        }
      }
    }
    line(
        report.failed()
            ? "A check has FAILED."
            : number > 0 ? "No check has failed; there are warnings." : "All is well.");
  }

  private static String names(Set<String> places) {
    String first = String.join(", ", places.stream().limit(NAMED).toList());
    return places.size() <= NAMED ? first : first + Words.of(" and %d more", places.size() - NAMED);
  }

  private static String time(double seconds) {
    if (seconds < 120) {
      return Words.of("%.0f s", seconds);
    }
    return seconds < 7_200
        ? Words.of("%.0f min", seconds / 60)
        : Words.of("%.1f h", seconds / 3_600);
  }

  private static String cut(String text, int width) {
    return text.length() <= width ? text : text.substring(0, width - 1) + "~";
  }

  /** Prints a text in a column of its own beside its heading. */
  private void wrapped(String heading, String text) {
    StringBuilder line = new StringBuilder(heading);
    for (String word : text.split(" ")) {
      boolean first = line.length() == heading.length();
      if (!first && line.length() + 1 + word.length() > WIDTH) {
        line("%s", line);
        line = new StringBuilder(" ".repeat(heading.length()));
        first = true;
      }
      line.append(first ? "" : " ").append(word);
    }
    line("%s", line);
  }

  private void line(String format, Object... values) {
    out.println(Words.of(format, values).stripTrailing());
  }
}
