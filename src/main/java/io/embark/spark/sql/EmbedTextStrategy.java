package io.embark.spark.sql;

import io.embark.spark.catalyst.ScalaSeq;
import java.util.List;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.SparkStrategy;
import scala.collection.Seq;

/** Plans {@link EmbedTextPlan} as {@link EmbedTextExec}. */
public final class EmbedTextStrategy extends SparkStrategy {
  private static final long serialVersionUID = 1;

  private final transient ExtractEmbedText extract = new ExtractEmbedText();

  @Override
  public Seq<SparkPlan> apply(LogicalPlan plan) {
    if (EmbedCalls.leftIn(plan)) {
      // Spark turns IN and EXISTS subqueries into joins after our rule ran; their calls are found
      // here.
      return ScalaSeq.of(List.of(planLater(extract.allOf(plan))));
    }
    if (plan instanceof EmbedTextPlan embed) {
      SparkPlan child = planLater(embed.child());
      return ScalaSeq.of(List.of(new EmbedTextExec(embed.calls(), embed.results(), child)));
    }
    return ScalaSeq.of(List.of());
  }
}
