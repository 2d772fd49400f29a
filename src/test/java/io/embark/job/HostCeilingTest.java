package io.embark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.spark.LocalSpark;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class HostCeilingTest {
  private static final Pattern SHARE = Pattern.compile("(\\d+\\.\\d) %");

  @Test
  void everyStageIsNamedAndTheirSharesAddUp() throws Exception {
    StringWriter printed = new StringWriter();
    String before = System.getProperty("embark.home");
    System.setProperty("embark.home", "src/main/dist");
    try {
      new HostCeiling(
              LocalSpark.session(), new PrintWriter(printed), 2, 1, "builtin:all-MiniLM-L6-v2")
          .measure(Corpus.SHORT, 3000);
    } finally {
      if (before == null) {
        System.clearProperty("embark.home");
      } else {
        System.setProperty("embark.home", before);
      }
    }
    String table = printed.toString();
    assertThat(table).contains("short: 3,000 rows").contains("1.00X");
    int tables = 0;
    for (String line : table.lines().filter(l -> l.contains("tokenise ")).toList()) {
      double sum = 0;
      for (Matcher share = SHARE.matcher(line); share.find(); ) {
        sum += Double.parseDouble(share.group(1));
      }
      if (line.contains("rows and writing")) {
        assertThat(sum).as(line).isBetween(99.0, 101.0);
      } else {
        assertThat(sum).as(line).isBetween(30.0, 101.0);
      }
      tables++;
    }
    assertThat(tables).as("series with a breakdown").isEqualTo(5);
  }
}
