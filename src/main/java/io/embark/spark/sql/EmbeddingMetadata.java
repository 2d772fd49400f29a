package io.embark.spark.sql;

import io.embark.embed.VectorProvenance;
import io.embark.spark.TextEmbedder;
import io.embark.spark.column.EmbeddingColumns;
import io.embark.spark.column.OutputType;
import java.util.List;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.MetadataBuilder;
import org.apache.spark.sql.types.StructType;
import scala.Option;
import scala.PartialFunction$;

/** Gives columns that a call of {@code embed_text} makes the metadata of how they were made. */
public final class EmbeddingMetadata extends Rule<LogicalPlan> {

  /** The metadata that {@link TextEmbedder} would give the column. */
  static Metadata of(EmbedText call, String column) {
    return new EmbeddingColumns(column, "", OutputType.FLOAT, List.of())
        .addTo(new StructType(), call.facts)
        .apply(column)
        .metadata();
  }

  @Override
  public LogicalPlan apply(LogicalPlan plan) {
    return plan.resolveExpressions(PartialFunction$.MODULE$.unlifted(EmbeddingMetadata::described));
  }

  private static Option<Expression> described(Expression expression) {
    if (!(expression instanceof Alias alias)
        || !(alias.child() instanceof EmbedText call)
        || alias.metadata().contains(VectorProvenance.KEY)) {
      return Option.empty();
    }
    Metadata all =
        new MetadataBuilder()
            .withMetadata(of(call, alias.name()))
            .withMetadata(alias.metadata())
            .build();
    return Option.apply(
        new Alias(
            call,
            alias.name(),
            alias.exprId(),
            alias.qualifier(),
            Option.apply(all),
            alias.nonInheritableMetadataKeys()));
  }
}
