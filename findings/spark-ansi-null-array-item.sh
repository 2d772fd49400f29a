#!/usr/bin/env bash
#
# Apache Spark 3.5.7 in ANSI mode (spark.sql.ansi.enabled): an item of an array that is null, at a position that is a column, is
# not null. Where the array's type says that its elements are never null (as those of vector columns and of functions do), Spark
# concludes that the item is never null, and forgets that the array itself may be: v[k] of a null v is 0.0 in a plan that is
# not compiled, and a NullPointerException in one that is. One would guess null, which is what comes without ANSI and for
# positions that are constants. Whoever takes single values out of vectors gets zeros for rows without a vector.
#
# Seen: with ANSI [v[0],v[k],get(v, k)] of a null v is [null,0.0,null] interpreted, a NullPointerException compiled; without it null three
# times, both ways. Spark 4.0.1 and 4.1.0, where ANSI is the default, gave the same when put in for 3.5.7. get(v, k) is the way out.
# Needs a JDK 17 and Maven. Ends with 0 while this holds, with 1 when it changes.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>findings</groupId>
  <artifactId>item</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.spark</groupId>
      <artifactId>spark-sql_2.12</artifactId>
      <version>3.5.7</version>
    </dependency>
  </dependencies>
</project>
POM
cat >Item.java <<'JAVA'
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

public class Item {
  public static void main(String[] args) {
    SparkSession spark = SparkSession.builder().master("local[1]").config("spark.ui.enabled", false).getOrCreate();
    StringBuilder seen = new StringBuilder();
    for (String ansi : new String[] {"false", "true"}) {
      for (String compiled : new String[] {"false", "true"}) {
        spark.conf().set("spark.sql.ansi.enabled", ansi);
        spark.conf().set("spark.sql.codegen.wholeStage", compiled);
        spark.conf().set("spark.sql.codegen.factoryMode", compiled.equals("true") ? "FALLBACK" : "NO_CODEGEN");
        Dataset<Row> rows =
            spark.range(2).selectExpr("IF(id = 0, array(1.5F, 2.5F), NULL) AS v", "int(id) AS k").selectExpr("v[0]", "v[k]", "get(v, k)");
        String found;
        try {
          found = rows.collectAsList().get(1).toString();
        } catch (Exception e) {
          Throwable cause = e;
          while (cause.getCause() != null) {
            cause = cause.getCause();
          }
          found = cause.getClass().getSimpleName();
        }
        seen.append("ANSI ").append(ansi).append(", compiled ").append(compiled).append(": [v[0],v[k],get(v, k)] of a null v is ");
        seen.append(found).append("\n");
      }
    }
    System.out.print("Spark " + spark.version() + "\n" + seen);
    spark.stop();
    System.exit(seen.toString().contains("ANSI true, compiled false: [v[0],v[k],get(v, k)] of a null v is [null,0.0,null]") ? 0 : 1);
  }
}
JAVA
mvn -B -q dependency:build-classpath -Dmdep.outputFile=classpath >&2
opens="lang lang.invoke lang.reflect io net nio util util.concurrent util.concurrent.atomic"
options=()
for package in $opens; do options+=("--add-opens=java.base/java.$package=ALL-UNNAMED"); done
options+=(--add-opens=java.base/sun.nio.ch=ALL-UNNAMED --add-opens=java.base/sun.security.action=ALL-UNNAMED)
java "${options[@]}" -cp "$(cat classpath)" Item.java 2>log || { cat log >&2; exit 1; }
