package io.embark.bench;

import io.embark.spark.TextEmbedder;
import io.embark.spark.column.OutputType;
import io.embark.spark.parquet.InternalRowWriter;
import io.embark.spark.parquet.VectorWriteSupport;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.StructType;

/** What a model's vectors take in Parquet, and how fast they are written, by type and encoding. */
final class VectorEncodings {
  /** The vectors are written so many times over, into one file. */
  private static final int TIMES = 20;

  private final SparkSession spark;
  private final PrintWriter out;
  private final int repeats;
  private final String model;

  VectorEncodings(SparkSession spark, PrintWriter out, int repeats, String model) {
    this.spark = spark;
    this.out = out;
    this.repeats = repeats;
    this.model = model;
  }

  /** How the values of a page are laid out. */
  private enum Encoding {
    PLAIN,
    DICTIONARY {
      @Override
      InternalRowWriter set(InternalRowWriter writer) {
        return writer.withDictionaryEncoding(true);
      }
    },
    BYTE_STREAM_SPLIT {
      @Override
      InternalRowWriter set(InternalRowWriter writer) {
        return writer.withByteStreamSplitEncoding(true);
      }

      @Override
      boolean isFor(OutputType type) {
        return type == OutputType.VECTOR || type == OutputType.FLOAT;
      }
    };

    InternalRowWriter set(InternalRowWriter writer) {
      return writer;
    }

    boolean isFor(OutputType type) {
      return true;
    }
  }

  /**
   * @param level of zstd, or 0
   */
  private record Codec(CompressionCodecName name, int level) {
    @Override
    public String toString() {
      return name.name().toLowerCase(Locale.ROOT) + (level == 0 ? "" : " " + level);
    }
  }

  private static final List<Codec> CODECS =
      List.of(
          new Codec(CompressionCodecName.UNCOMPRESSED, 0),
          new Codec(CompressionCodecName.SNAPPY, 0),
          new Codec(CompressionCodecName.LZ4_RAW, 0),
          // One level: parquet-mr keeps the first codec of a name for the whole JVM.
          new Codec(CompressionCodecName.ZSTD, 3));

  /**
   * Measures and prints.
   *
   * @param rows texts of the sample to embed
   */
  void measure(Corpus corpus, int rows) throws Exception {
    out.printf(
        Locale.ROOT,
        """

        Vectors of %,d %s texts, written %d times over to one file of one column by one thread; pages of 1 MiB. Median
        of %d repeats after one that is not counted. bytes: a vector in the file, its share of levels and footer included.
        """,
        rows,
        corpus,
        TIMES,
        repeats);
    Dataset<Row> texts =
        spark.createDataset(corpus.texts(spark, rows), Encoders.STRING()).toDF("text");
    Path folder = Files.createTempDirectory("embark-bench");
    for (OutputType type : OutputType.values()) {
      TextEmbedder embedder =
          new TextEmbedder().setModel(model).setDevice("cpu").setOutputType(type.label());
      if (type == OutputType.INT8) {
        embedder.calibrate(texts);
      }
      Dataset<Row> vectors = embedder.transform(texts).where("status = 'OK'").select("embedding");
      List<InternalRow> found = List.of(vectors.queryExecution().executedPlan().executeCollect());
      out.printf(
          "%n%s%n  %-18s %-13s %8s %12s%n",
          type.label(), "encoding", "codec", "bytes", "vectors/s");
      for (Encoding encoding : Encoding.values()) {
        for (Codec codec : encoding.isFor(type) ? CODECS : List.<Codec>of()) {
          print(encoding, codec, vectors.schema(), found, folder.resolve("vectors.parquet"));
        }
      }
      out.flush();
    }
  }

  private void print(
      Encoding encoding, Codec codec, StructType schema, List<InternalRow> vectors, Path file)
      throws Exception {
    Turns turns = new Turns(repeats);
    turns.way(codec.toString(), () -> write(encoding, codec, schema, vectors, file)).run();
    int count = TIMES * vectors.size();
    out.printf(
        Locale.ROOT,
        "  %-18s %-13s %,8.0f %,12.0f%n",
        encoding.name().toLowerCase(Locale.ROOT).replace('_', '-'),
        codec,
        (double) Files.size(file) / count,
        count / turns.seconds(0).median());
  }

  private static void write(
      Encoding encoding, Codec codec, StructType schema, List<InternalRow> vectors, Path file)
      throws IOException {
    Map<String, String> options =
        Map.of("parquet.compression.codec.zstd.level", Integer.toString(codec.level()));
    InternalRowWriter builder =
        InternalRowWriter.to(file, schema, new VectorWriteSupport(), options)
            .withDictionaryEncoding(false)
            .withCompressionCodec(codec.name());
    try (ParquetWriter<InternalRow> writer = encoding.set(builder).build()) {
      for (int i = 0; i < TIMES; i++) {
        for (InternalRow vector : vectors) {
          writer.write(vector);
        }
      }
    }
  }
}
