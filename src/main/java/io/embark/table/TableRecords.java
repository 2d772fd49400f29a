package io.embark.table;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/** The records of a table's runs, and the state of the table in words. */
public record TableRecords(TableDirectory table) {

  /** The records of runs, oldest first. */
  public List<JsonNode> runs() throws IOException {
    List<JsonNode> runs = new ArrayList<>();
    for (FileStatus file : table.list(table.records())) {
      String name = file.getPath().getName();
      if (name.startsWith("run-") && name.endsWith(".json")) {
        JsonNode run = RecordFile.read(table.files(), file.getPath(), JsonNode.class);
        if (run != null) {
          runs.add(run);
        }
      }
    }
    runs.sort(Comparator.comparing(run -> run.path("snapshot").asLong()));
    return runs;
  }

  /** Adds the record of a run. */
  public void add(String name, JsonNode manifest) throws IOException {
    RecordFile.create(table.files(), new Path(table.records(), name), RecordFile.json(manifest));
  }

  /** Lines on who is writing and how far that is; empty if nobody is. */
  public List<String> underWay() throws IOException {
    List<String> lines = new ArrayList<>();
    String writer = TableLock.inWords(table);
    if (writer != null) {
      lines.add("being written by " + writer);
    }
    for (String run : StagedRun.unfinished(table)) {
      lines.add(run + (writer == null ? "; it was killed, and the same command goes on" : ""));
    }
    return lines;
  }

  /** Reasons not to trust the files as they lie there; empty if all is in order. */
  public List<String> problems(Snapshot current) throws IOException {
    List<String> problems = new ArrayList<>(table.differences(current));
    if (Staging.unfinishedPublication(table)) {
      problems.add(
          "a run was killed, or is at work, while it publishes; the next run finishes that, or"
              + " inspect --repair");
    }
    return problems;
  }
}
