package io.embark.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.embark.batch.Batch;
import io.embark.batch.BatchPlanner;
import io.embark.model.ModelDirectory;
import io.embark.model.store.ModelStore;
import io.embark.token.HfTokenizer;
import io.embark.token.Tokens;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** One buffer of a task, at every stage: what each component is measured on. */
@State(Scope.Benchmark)
public class SampleTexts {
  /** Texts of a buffer; benchmarks count in texts. */
  public static final int TEXTS = 2048;

  public static final int TOKEN_BUDGET = 1024;
  public static final int HIDDEN_SIZE = 384;

  public HfTokenizer tokenizer;
  public BatchPlanner planner;
  public List<String> texts;
  public List<Tokens> tokens;
  public List<Batch> batches;

  @Setup(Level.Trial)
  public void read() throws IOException {
    ModelDirectory model =
        ModelStore.ofThisHost(new Configuration()).open("builtin:all-MiniLM-L6-v2", null);
    tokenizer = HfTokenizer.open(model.tokenizerJson(), 256);
    planner = new BatchPlanner(TOKEN_BUDGET, model.padTokenId());
    texts = Corpus.MIXED.made(shipped(), TEXTS);
    tokens = texts.stream().map(tokenizer::encode).toList();
    batches = planner.plan(tokens);
  }

  /** The texts of the shipped sample, from the source checkout. */
  static List<String> shipped() throws IOException {
    ObjectMapper json = new ObjectMapper();
    List<String> sample = new ArrayList<>();
    for (String line : Files.readAllLines(Path.of("src/main/dist/sample/texts.jsonl"))) {
      sample.add(json.readTree(line).get("text").asText());
    }
    return sample;
  }

  @TearDown(Level.Trial)
  public void close() {
    tokenizer.close();
  }
}
