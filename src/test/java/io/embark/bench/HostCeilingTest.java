package io.embark.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.testing.LocalSpark;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class HostCeilingTest {
  private static final Pattern SHARE = Pattern.compile("(-?\\d+\\.\\d) %");
  private static final Pattern VECTORS = Pattern.compile("vectors ([\\d,]+) B");

  @Test
  void everyStageIsNamedAndTheirSharesAddUp() throws Exception {
    StringWriter printed = new StringWriter();
    String before = System.getProperty("embark.home");
    System.setProperty("embark.home", "src/main/dist");
    try {
      HostCeiling ceiling =
          new HostCeiling(
              LocalSpark.session(), new PrintWriter(printed), 2, 1, "builtin:all-MiniLM-L6-v2");
      ceiling.explain();
      ceiling.measure(Corpus.SHORT, 300);
    } finally {
      if (before == null) {
        System.clearProperty("embark.home");
      } else {
        System.setProperty("embark.home", before);
      }
    }
    String table = printed.toString();
    assertThat(table).contains("short: 300 rows").contains("1.00X").contains("tokens/s/core: ");
    int tables = 0;
    for (String line : table.lines().filter(l -> l.contains("tokenise ")).toList()) {
      double sum = 0;
      for (Matcher share = SHARE.matcher(line); share.find(); ) {
        sum += Double.parseDouble(share.group(1));
      }
      if (line.contains("rows and writing")) {
        assertThat(sum).as(line).isBetween(99.0, 101.0);
      } else {
        assertThat(sum).as(line).isBetween(1.0, 101.0);
      }
      tables++;
    }
    assertThat(tables).as("series with a breakdown").isEqualTo(7);
    // 384 values of 4 bytes; those of 8 bytes are floats too, so half of each compresses away.
    Matcher bytes = VECTORS.matcher(table);
    List<Integer> found = new ArrayList<>();
    while (bytes.find()) {
      found.add(Integer.parseInt(bytes.group(1).replace(",", "")));
    }
    assertThat(found).as("bytes a vector: MLlib, by Spark, floats, not compressed").hasSize(4);
    int floats = 4 * 384;
    assertThat(found.get(3)).isBetween(floats, floats + 200);
    assertThat(found.get(2)).isBetween(floats / 2, found.get(3) + 20);
    assertThat(found.get(0)).isGreaterThan(found.get(2));
    assertThat(found.get(1)).as("the same bytes").isEqualTo(found.get(0));
  }
}
