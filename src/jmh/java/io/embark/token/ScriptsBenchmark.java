package io.embark.token;

import io.embark.bench.SampleTexts;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;

/**
 * Texts that are not all ASCII to token ids, beside Hugging Face's library alone. They are made of
 * the sample's words, which come again as often as they do there; but for the last kind, in which
 * no word ever comes again.
 */
@State(Scope.Benchmark)
public class ScriptsBenchmark {
  /** What becomes of a text. */
  public enum Kind {
    ASCII(text -> text),
    QUOTES(text -> '\u201C' + text.replace('\'', '\u2019').replace("? ", "\u201D\u2026 ")),
    ACCENTS(text -> text.replace("ou", "\u00FC").replace("ee", "\u00E9")),
    CYRILLIC(text -> mapped(text, 'a', 'z', '\u0430')),
    CHINESE(Kind::chinese),
    NEW_WORDS(Kind::newWords);

    private final UnaryOperator<String> change;

    Kind(UnaryOperator<String> change) {
      this.change = change;
    }

    private static String mapped(String text, char first, char last, char to) {
      StringBuilder mapped = new StringBuilder(text.toLowerCase(Locale.ROOT));
      for (int i = 0; i < mapped.length(); i++) {
        char c = mapped.charAt(i);
        mapped.setCharAt(i, c >= first && c <= last ? (char) (to + c - first) : c);
      }
      return mapped.toString();
    }

    /** Two characters for each word, no spaces. */
    private static String chinese(String text) {
      return Stream.of(text.split(" "))
          .map(word -> "" + chinese(word.hashCode()) + chinese(word.hashCode() >>> 12))
          .collect(Collectors.joining());
    }

    private static char chinese(int hash) {
      return (char) ('\u4E00' + (hash & 0xFFF));
    }

    private static String newWords(String text) {
      Random random = new Random(text.hashCode());
      return Stream.of(text.split(" "))
          .map(word -> word + '\u00E9' + Integer.toString(random.nextInt(1 << 30), 36))
          .collect(Collectors.joining(" "));
    }
  }

  @Param({"ASCII", "QUOTES", "ACCENTS", "CYRILLIC", "CHINESE", "NEW_WORDS"})
  public Kind kind;

  private List<String> texts;

  @Setup(Level.Trial)
  public void change(SampleTexts sample) {
    texts = sample.texts.stream().map(kind.change).toList();
  }

  @Benchmark
  @OperationsPerInvocation(SampleTexts.TEXTS)
  public void tokenize(SampleTexts sample, Blackhole hole) {
    for (String text : texts) {
      hole.consume(sample.tokenizer.encode(text));
    }
  }

  @Benchmark
  @OperationsPerInvocation(SampleTexts.TEXTS)
  public void library(SampleTexts sample, Blackhole hole) {
    for (String text : texts) {
      hole.consume(sample.tokenizer.libraryIds(text));
    }
  }
}
