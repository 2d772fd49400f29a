#!/usr/bin/env bash
#
# Apache Spark 3.5.7: hash() and xxhash64() of several columns pass over nulls, so that a value which moves from one column
# to another beside nulls leaves the hash as it was. A row's hash over its columns therefore does not tell that the row changed.
# One would guess that a null counts, as it does in concat_ws with a mark for it, in md5 of JSON, and in a struct's equality.
#
# Seen: xxhash64('a', NULL), xxhash64(NULL, 'a') and xxhash64('a') are one number, and so are the three of hash().
# What tells the rows apart: hashing the position too, xxhash64(struct of (place, value)) for what is not null.
# Needs a JDK 17 and Maven. Ends with 0 while this holds, with 1 when it changes.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>findings</groupId>
  <artifactId>hash</artifactId>
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
cat >Hash.java <<'JAVA'
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

public class Hash {
  public static void main(String[] args) {
    SparkSession spark = SparkSession.builder().master("local[1]").config("spark.ui.enabled", false).getOrCreate();
    boolean same = true;
    for (String function : new String[] {"hash", "xxhash64"}) {
      Row row = spark.sql(String.format(
              "SELECT %1$s(a, b), %1$s(b, a), %1$s(a) FROM VALUES ('a', CAST(NULL AS STRING)) AS t(a, b)", function)).head();
      System.out.printf("%s('a', NULL) = %s, %1$s(NULL, 'a') = %s, %1$s('a') = %s%n", function, row.get(0), row.get(1), row.get(2));
      same &= row.get(0).equals(row.get(1)) && row.get(0).equals(row.get(2));
    }
    System.out.println("Spark " + spark.version() + (same ? ": nulls are passed over" : ": nulls count now"));
    spark.stop();
    System.exit(same ? 0 : 1);
  }
}
JAVA
mvn -B -q dependency:build-classpath -Dmdep.outputFile=classpath >&2
opens="lang lang.invoke lang.reflect io net nio util util.concurrent util.concurrent.atomic"
options=()
for package in $opens; do options+=("--add-opens=java.base/java.$package=ALL-UNNAMED"); done
options+=(--add-opens=java.base/sun.nio.ch=ALL-UNNAMED --add-opens=java.base/sun.security.action=ALL-UNNAMED)
java "${options[@]}" -cp "$(cat classpath)" Hash.java 2>log || { cat log >&2; exit 1; }
