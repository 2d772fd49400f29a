package io.embark.cli.embed;

import io.embark.UserError;
import io.embark.cli.embed.EmbedSettings.SaveMode;
import io.embark.model.Fingerprint;
import io.embark.table.Receipt;
import io.embark.table.TableDirectory;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.spark.SparkContext;

/**
 * A command, as the table remembers it once it was carried out: the same one again, started by a
 * scheduler that saw the first die or end with a code that is not 0, must not add its rows again.
 *
 * @param facts what the command comes to, whatever version of the table it starts from
 * @param runId the run's name by {@code --run-id}, else by the application that starts its driver
 *     again under one id (YARN in cluster mode), else null
 * @param names of the receipts; the first that is found counts
 */
record Request(SaveMode mode, Map<String, String> facts, String runId, List<String> names) {
  private static final int DIGITS = 32;

  static Request of(EmbedPlan plan) {
    SparkContext context = plan.spark().sparkContext();
    // Told by YARN in cluster mode only.
    Optional<String> restarted =
        context.applicationAttemptId().isDefined()
            ? Optional.of(context.applicationId())
            : Optional.empty();
    return of(
        plan.mode(),
        RunFacts.ofRequest(plan),
        plan.input().paths(),
        plan.settings().text(EmbedSettings.RUN_ID),
        restarted);
  }

  /**
   * A command is told by what it comes to. One of a named run is told by its name and what it was
   * given: one that adds other files at the same input is refused, as some may be in the table.
   */
  static Request of(
      SaveMode mode,
      Map<String, String> facts,
      List<String> input,
      String runId,
      Optional<String> application) {
    List<String> names = new ArrayList<>();
    if (runId == null) {
      names.add(name("facts " + new TreeMap<>(facts)));
    }
    String run = runId == null ? application.orElse(null) : runId;
    if (run != null) {
      names.add(name("run " + List.of(run, mode.label(), input)));
    }
    return new Request(mode, facts, run, names);
  }

  private static String name(String command) {
    return Fingerprint.of(command).substring(0, DIGITS);
  }

  /**
   * The receipt of this command among some.
   *
   * @throws UserError as {@link #carriedOut}
   */
  Optional<Receipt> own(List<Receipt> receipts) {
    return receipts.stream()
        .filter(receipt -> names.contains(receipt.name()))
        .filter(this::isSame)
        .findFirst();
  }

  /**
   * The receipt of this command, if what it asks for is in the table. To replace a table and to
   * compare with it does no harm twice, and may be meant; of named runs it is known not to be.
   *
   * @throws UserError if a run of this name added rows with other settings or of other files
   */
  Optional<Receipt> carriedOut(TableDirectory table) throws IOException {
    if (!adds() && runId == null) {
      return Optional.empty();
    }
    for (String name : names) {
      Optional<Receipt> found = Receipt.find(table, name);
      if (found.isPresent() && (adds() || isNewest(found.get(), table)) && isSame(found.get())) {
        return found;
      }
    }
    return Optional.empty();
  }

  private static boolean isNewest(Receipt receipt, TableDirectory table) throws IOException {
    return table.current().filter(s -> s.id() == receipt.snapshot()).isPresent();
  }

  private boolean adds() {
    return mode == SaveMode.APPEND || mode == SaveMode.ERROR;
  }

  private boolean isSame(Receipt receipt) {
    List<String> differences = receipt.differences(facts);
    if (adds() && !differences.isEmpty()) {
      throw new UserError(
          ("run-id: run %s with this input was published before, as version %d, but otherwise: %s."
                  + " Rows would be in the table twice, or be missing from it. If another run is"
                  + " meant, give it another --run-id.")
              .formatted(runId, receipt.snapshot(), String.join("; ", differences)));
    }
    return differences.isEmpty();
  }

  /** The receipts to publish with a version. */
  List<Receipt> receipts(long version, RunSummary summary) {
    String now = Instant.now().toString();
    return names.stream()
        .map(
            name ->
                new Receipt(
                    name,
                    runId,
                    version,
                    now,
                    summary.totals().rows(),
                    summary.failedRows(),
                    facts))
        .toList();
  }
}
