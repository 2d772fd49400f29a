package io.embark.job;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.SparkSession;

/** Texts of the shipped sample to measure with. */
enum Corpus {
  SHORT(text -> text.length() <= 100),
  MIXED(text -> true),
  LONG(text -> text.length() >= 400);

  private final Predicate<String> takes;

  Corpus(Predicate<String> takes) {
    this.takes = takes;
  }

  /**
   * So many texts; they repeat when there are fewer, with more and more spaces behind them: the
   * same tokens, but not equal, for equal texts would be embedded once.
   */
  List<String> texts(SparkSession spark, int rows) {
    List<String> all =
        spark
            .read()
            .json(EmbedCommand.sampleFile())
            .select("text")
            .as(Encoders.STRING())
            .collectAsList()
            .stream()
            .filter(takes)
            .toList();
    List<String> texts = new ArrayList<>(rows);
    // A step that shares no factor with most sizes mixes what the file keeps in order.
    for (int i = 0; i < rows; i++) {
      texts.add(all.get((int) ((long) i * 7919 % all.size())) + " ".repeat(i / all.size()));
    }
    return texts;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
