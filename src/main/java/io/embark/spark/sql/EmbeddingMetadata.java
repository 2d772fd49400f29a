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
import scala.runtime.AbstractPartialFunction;

/** Gives columns that a call of {@code embed_text} makes the metadata of how they were made. */
public final class EmbeddingMetadata extends Rule<LogicalPlan> {

  /** The metadata that {@link TextEmbedder} would give the column. */
  static Metadata of(EmbedText call, String column) {
    StructType columns =
        new EmbeddingColumns(column, "", OutputType.FLOAT, List.of())
            .addTo(new StructType(), call.facts());
    return columns.apply(column).metadata();
  }

  @Override
  public LogicalPlan apply(LogicalPlan plan) {
    return plan.resolveExpressions(
        new AbstractPartialFunction<Expression, Expression>() {
          @Override
          public boolean isDefinedAt(Expression expression) {
            return expression instanceof Alias alias
                && alias.child() instanceof EmbedText
                && !alias.metadata().contains(VectorProvenance.KEY);
          }

          @Override
          public Expression apply(Expression expression) {
            Alias alias = (Alias) expression;
            Metadata all =
                new MetadataBuilder()
                    .withMetadata(of((EmbedText) alias.child(), alias.name()))
                    .withMetadata(alias.metadata())
                    .build();
            return new Alias(
                alias.child(),
                alias.name(),
                alias.exprId(),
                alias.qualifier(),
                Option.apply(all),
                alias.nonInheritableMetadataKeys());
          }
        });
  }
}
