package io.embark.text;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;

/** Texts that are put together of what makes cutting hard. */
final class HostileTexts {
  private static final List<String> PIECES =
      List.of(
          "The cat sat on the mat. ",
          "word ",
          "Mr. Smith paid $3.50, e.g. for tea! ",
          "Is it? ",
          "antidisestablishmentarianism",
          "x".repeat(130),
          "0123456789abcdef".repeat(20),
          "\n\n",
          "\r\n",
          " \u00a0\u3000\t",
          "我们今天去看电影。",
          "すごいゲームですね",
          "한국어 문장입니다. ",
          "Привет, мир! ",
          "مرحبا بالعالم. ",
          "שלום עולם ",
          "नमस्ते दुनिया। ",
          "ภาษาไทยไม่มีช่องว่าง",
          "e\u0301a\u0308\u0304",
          "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324\u031e",
          "\ud83d\ude00",
          "\ud83d\udc68\u200d\ud83d\udc69\u200d\ud83d\udc67\u200d\ud83d\udc66",
          "\ud83c\udde9\ud83c\uddea\ud83c\uddeb\ud83c\uddf7",
          "\ud83d\udc4d\ud83c\udffd ",
          "\ud835\udd1e\ud835\udd1f ",
          "\ud800",
          "\udc00 ",
          "\u0000",
          "\u0007\u001b[0m",
          "\u200b\u202e\ufeff",
          "\ufffd",
          "https://example.org/a-b_c?d=e&f=%20#g ",
          "foo_bar(baz[0]);",
          "...",
          "-");

  private HostileTexts() {}

  static Arbitrary<String> any() {
    return Arbitraries.of(PIECES).list().ofMaxSize(120).map(pieces -> String.join("", pieces));
  }
}
