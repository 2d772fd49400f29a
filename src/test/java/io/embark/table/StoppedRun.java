package io.embark.table;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.types.StructType;

/** A run in a process of its own, which has the lock and has staged a file. */
final class StoppedRun implements AutoCloseable {
  private static final String TAKEN = "taken";

  private final Process process;
  private final BufferedReader out;

  StoppedRun(TableDirectory table) throws IOException {
    process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                StoppedRun.class.getName(),
                table.path().toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    await(TAKEN);
  }

  private String await(String beginning) throws IOException {
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      if (line.startsWith(beginning)) {
        return line;
      }
    }
    throw new IOException("The run ended.");
  }

  /** Sends it a signal, such as STOP. */
  void signal(String name) throws Exception {
    new ProcessBuilder("kill", "-" + name, "" + process.pid()).inheritIO().start().waitFor();
  }

  /** Has it publish, and gives what came of it. */
  String publish() throws IOException {
    process.getOutputStream().write('\n');
    process.getOutputStream().flush();
    return await("published");
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  public static void main(String[] args) throws Exception {
    TableDirectory table =
        TableDirectory.at(new org.apache.hadoop.fs.Path(args[0]), new Configuration());
    LockOwner me = LockOwner.ofThisProcess("stopped", 0);
    TableLock lock =
        TableLock.take(table, me, Duration.ZERO, Duration.ofMillis(100), Duration.ofSeconds(2));
    Staging staging = new Staging(table, lock, Map.of("run", "stopped"));
    staging.begin(1, 1, new double[0][], List.of());
    String slice = "slices/slice-00000.parquet";
    RecordFile.create(
        table.files(), new org.apache.hadoop.fs.Path(staging.part(slice)), new byte[] {1});
    String schema = new StructType().add("id", "long").json();
    Snapshot draft = new Snapshot(1, 1, staging.key(), "test", "now", schema, List.of());
    System.out.println(TAKEN);
    System.in.read();
    String outcome = "";
    try {
      staging.publish(
          draft,
          List.of(),
          Map.of(slice, 1L),
          new Staging.RunRecord(
              "run-stopped.json", JsonNodeFactory.instance.objectNode(), List.of()));
    } catch (IOException | RuntimeException e) {
      outcome = e.getMessage();
    }
    lock.close();
    System.out.println("published: " + outcome);
  }
}
