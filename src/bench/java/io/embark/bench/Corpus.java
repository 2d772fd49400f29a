package io.embark.bench;

import io.embark.cli.embed.TextInput;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.SparkSession;

/**
 * Texts to measure with, made of the sentences of the shipped sample. The words of a text follow a
 * stated distribution; no text occurs twice, for equal ones cost less than others where they are
 * recognised, and equal vectors compress to nothing. The same seed gives the same texts everywhere.
 */
enum Corpus {
  SHORT(10, 0.5, 3, 30, 1),
  /** Two of three texts short, one long, and the long ones of any length. */
  MIXED(90, 0.7, 15, 500, 3.8) {
    @Override
    int words(Random random) {
      return random.nextInt(3) > 0 ? SHORT.words(random) : super.words(random);
    }

    @Override
    String inWords() {
      return "two thirds as short, one third " + super.inWords();
    }
  },
  LONG(150, 0.35, 60, 500, 12);

  /** Of a text that occurred before; a sample of this size has some million beginnings. */
  private static final int MOST_TRIALS = 1_000;

  private final double median;
  private final double sigma;
  private final int least;
  private final int most;
  private final double tokens;

  /**
   * @param median words of a text; their logarithm is normally distributed
   * @param sigma standard deviation of the logarithm
   * @param least words, where fewer were drawn
   * @param most words, where more were drawn
   * @param tokens about how many times those of a short text one text has, at most 256 counted
   */
  Corpus(double median, double sigma, int least, int most, double tokens) {
    this.median = median;
    this.sigma = sigma;
    this.least = least;
    this.most = most;
    this.tokens = tokens;
  }

  int words(Random random) {
    long drawn = Math.round(median * Math.exp(sigma * random.nextGaussian()));
    return (int) Math.max(least, Math.min(most, drawn));
  }

  /** How long its texts are. */
  String inWords() {
    return String.format(
        Locale.ROOT,
        "%d to %d words, log-normal with median %.0f and sigma %.2f",
        least,
        most,
        median,
        sigma);
  }

  /** Rows that have about as many tokens as so many short ones. */
  int rows(int ofShort) {
    return (int) Math.max(1, ofShort / tokens);
  }

  /** So many texts, all different. */
  List<String> texts(SparkSession spark, int rows) {
    return made(
        spark
            .read()
            .json(TextInput.shippedSample())
            .select("text")
            .as(Encoders.STRING())
            .collectAsList(),
        rows);
  }

  /**
   * Makes texts.
   *
   * @param sample texts whose sentences are used
   * @throws IllegalStateException if the sample is too small for so many different ones
   */
  List<String> made(List<String> sample, int rows) {
    List<String[]> sentences = new ArrayList<>();
    for (String text : sample) {
      for (String sentence : text.split("(?<=[.?!])\\s+")) {
        sentences.add(sentence.split("\\s+"));
      }
    }
    Random random = new Random(1);
    Set<String> seen = new HashSet<>();
    List<String> texts = new ArrayList<>(rows);
    while (texts.size() < rows) {
      int words = words(random);
      int trials = 0;
      String text = made(sentences, words, random);
      while (!seen.add(text)) {
        if (++trials > MOST_TRIALS) {
          throw new IllegalStateException(
              "The sample's %d sentences give no more than %d different texts as short as %d words."
                  .formatted(sentences.size(), texts.size(), words));
        }
        text = made(sentences, words, random);
      }
      texts.add(text);
    }
    return texts;
  }

  /** Sentences one after the other, the last one cut. */
  private static String made(List<String[]> sentences, int words, Random random) {
    StringBuilder text = new StringBuilder();
    int left = words;
    while (left > 0) {
      String[] sentence = sentences.get(random.nextInt(sentences.size()));
      // From anywhere in the first one, or short texts would soon be used up.
      int from = text.isEmpty() ? random.nextInt(Math.max(1, sentence.length - words + 1)) : 0;
      for (int i = from; i < sentence.length && left > 0; i++, left--) {
        text.append(text.isEmpty() ? "" : " ").append(sentence[i]);
      }
    }
    return text.toString();
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
