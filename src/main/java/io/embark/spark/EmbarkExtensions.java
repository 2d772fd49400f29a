package io.embark.spark;

import io.embark.spark.catalyst.ScalaSeq;
import io.embark.spark.sql.ComparableVectors;
import io.embark.spark.sql.DecodeVector;
import io.embark.spark.sql.EmbedText;
import io.embark.spark.sql.EmbedTextExec;
import io.embark.spark.sql.ExtractEmbedText;
import io.embark.spark.sql.SqlFunction;
import org.apache.spark.sql.SparkSessionExtensions;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import scala.Tuple3;
import scala.runtime.AbstractFunction1;
import scala.runtime.BoxedUnit;

/**
 * Adds {@code embed_text}, {@code pool_tokens} and {@code cosine_similarity} to SQL. Switched on by
 * {@code spark.sql.extensions=io.embark.spark.EmbarkExtensions}.
 */
public final class EmbarkExtensions extends AbstractFunction1<SparkSessionExtensions, BoxedUnit> {

  @Override
  public BoxedUnit apply(SparkSessionExtensions extensions) {
    for (SqlFunction function : SqlFunction.values()) {
      extensions.injectFunction(
          new Tuple3<>(
              new FunctionIdentifier(function.label()),
              function.info(),
              arguments -> function.call(ScalaSeq.toJava(arguments))));
    }
    extensions.injectResolutionRule(session -> new EmbedText.ColumnMetadata());
    extensions.injectResolutionRule(session -> new DecodeVector.Insertion());
    extensions.injectCheckRule(session -> new ComparableVectors());
    extensions.injectPreCBORule(session -> new ExtractEmbedText());
    extensions.injectPlannerStrategy(session -> new EmbedTextExec.Strategy());
    return BoxedUnit.UNIT;
  }
}
