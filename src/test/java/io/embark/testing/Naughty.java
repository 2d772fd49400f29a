package io.embark.testing;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Texts that have broken other programs. */
public final class Naughty {
  private static final int LETTERS = 24;

  private Naughty() {}

  /** The Big List of Naughty Strings. */
  public static List<String> strings() {
    try (InputStream in = Naughty.class.getResourceAsStream("/naughty/blns.json")) {
      return Arrays.asList(new ObjectMapper().readValue(in, String[].class));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Some words of every script that this JDK knows, more than 150 of them, as made-up sentences.
   */
  public static List<String> scripts() {
    List<String> texts = new ArrayList<>();
    for (Character.UnicodeScript script : Character.UnicodeScript.values()) {
      StringBuilder text = new StringBuilder();
      int letters = 0;
      for (int c = 0; c <= Character.MAX_CODE_POINT && letters < LETTERS; c++) {
        if (Character.isDefined(c)
            && !Character.isISOControl(c)
            && (c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE)
            && Character.UnicodeScript.of(c) == script) {
          text.appendCodePoint(c);
          letters++;
          if (letters % 5 == 0) {
            text.append(letters % 10 == 0 ? ". " : " ");
          }
        }
      }
      if (letters > 0) {
        texts.add(text.toString());
      }
    }
    return texts;
  }

  /** Real sentences, among them some that run from right to left and some without spaces. */
  public static List<String> sentences() {
    return List.of(
        "The quick brown fox jumps over the lazy dog.",
        "Der schnelle Fuchs springt über den faulen Hund.",
        "Быстрая лиса прыгает через ленивую собаку.",
        "Η γρήγορη αλεπού πηδά πάνω από το τεμπέλικο σκυλί.",
        "השועל המהיר קופץ מעל הכלב העצלן.",
        "الثعلب السريع يقفز فوق الكلب الكسول.",
        "तेज़ लोमड़ी आलसी कुत्ते के ऊपर कूदती है।",
        "敏捷的狐狸跳过懒狗。",
        "素早い狐がのろまな犬を飛び越える。",
        "빠른 여우가 게으른 개를 뛰어넘는다.",
        "สุนัขจิ้งจอกกระโดดข้ามสุนัขขี้เกียจ",
        "ሰነፉ ውሻ ተኝቷል።",
        "ძაღლი ზარმაცია.",
        "Շունը ծույլ է։",
        "English ثم العربية then עברית again");
  }

  /** What is not text at all, or more of it than anybody reads. */
  public static List<String> shapeless() {
    List<String> texts = new ArrayList<>();
    texts.add("a".repeat(1_000_000));
    texts.add("\u00e9".repeat(300_000));
    texts.add("\u0301".repeat(100_000));
    texts.add("\ud83d\ude00".repeat(100_000));
    texts.add("\u202e" + "abc ".repeat(100) + "\u202c");
    texts.add("\ud83d\udc68\u200d\ud83d\udc69\u200d\ud83d\udc67\u200d\ud83d\udc66 family");
    texts.add(
        "\ud83c\udff4\udb40\udc67\udb40\udc62\udb40\udc73\udb40\udc63\udb40\udc74\udb40\udc7f");
    texts.add("\ud800");
    texts.add("\udfff before \ud83d and behind \udc00\ud800");
    texts.add("nul \u0000 in the middle\u0000");
    texts.add("\u0000");
    texts.add("\ufeffbyte order mark");
    texts.add("\ufffe \uffff non-characters \udbff\udfff");
    texts.add("\n\r\n\u2028\u2029\u0085");
    texts.add("\u001b[31mred\u001b[0m \u0007 \b\b\b");
    texts.add("\ue000\udb80\udc00 private");
    texts.add("[CLS] [SEP] [PAD] [MASK] [UNK] <s> </s> <|endoftext|> ##ing");
    for (char c = 0; c < 0x20; c++) {
      texts.add("control " + c + " " + (int) c);
    }
    return texts;
  }

  /** All of these. */
  public static List<String> all() {
    List<String> texts = new ArrayList<>(strings());
    texts.addAll(scripts());
    texts.addAll(sentences());
    texts.addAll(shapeless());
    return texts;
  }
}
