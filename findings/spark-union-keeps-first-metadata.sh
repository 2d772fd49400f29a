#!/usr/bin/env bash
#
# Apache Spark 3.5.7: a UNION gives a column the metadata of its first branch, whatever the others say, and neither warns nor
# refuses. MLlib keeps in a column's metadata what its numbers mean (labels of StringIndexer, names of VectorAssembler), so
# that a union of two indexed tables reads the second one by the labels of the first: wrong words for right numbers.
# One would guess that metadata which differ are dropped, as nullability is widened, or refused, as types are.
#
# Seen: 'cat' and 'dog', indexed apart so that both are 0.0, come back from the union as 'cat' and 'cat'.
# Needs a JDK 17 and Maven. Ends with 0 while this holds, with 1 when it changes.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>findings</groupId>
  <artifactId>union</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.spark</groupId>
      <artifactId>spark-mllib_2.12</artifactId>
      <version>3.5.7</version>
    </dependency>
  </dependencies>
</project>
POM
cat >Union.java <<'JAVA'
import java.util.List;
import org.apache.spark.ml.feature.IndexToString;
import org.apache.spark.ml.feature.StringIndexer;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

public class Union {
  private static Dataset<Row> indexed(SparkSession spark, String word) {
    Dataset<Row> words = spark.createDataset(List.of(word), Encoders.STRING()).toDF("word");
    return new StringIndexer().setInputCol("word").setOutputCol("index").fit(words).transform(words);
  }

  public static void main(String[] args) {
    SparkSession spark = SparkSession.builder().master("local[1]").config("spark.ui.enabled", false).getOrCreate();
    Dataset<Row> both = indexed(spark, "cat").union(indexed(spark, "dog"));
    boolean first = true;
    for (Row row : new IndexToString().setInputCol("index").setOutputCol("label").transform(both).collectAsList()) {
      System.out.printf("word %s, index %s, read back as %s%n", row.get(0), row.get(1), row.get(2));
      first &= "cat".equals(row.get(2));
    }
    System.out.println("Spark " + spark.version() + (first ? ": the first branch's metadata for all rows" : ": changed"));
    spark.stop();
    System.exit(first ? 0 : 1);
  }
}
JAVA
mvn -B -q dependency:build-classpath -Dmdep.outputFile=classpath >&2
opens="lang lang.invoke lang.reflect io net nio util util.concurrent util.concurrent.atomic"
options=()
for package in $opens; do options+=("--add-opens=java.base/java.$package=ALL-UNNAMED"); done
options+=(--add-opens=java.base/sun.nio.ch=ALL-UNNAMED --add-opens=java.base/sun.security.action=ALL-UNNAMED)
java "${options[@]}" -cp "$(cat classpath)" Union.java 2>log || { cat log >&2; exit 1; }
