package io.embark.spark.sql;

import io.embark.pooling.Pooling;
import io.embark.spark.catalyst.FunctionExpression;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.analysis.TypeCheckResult;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.expressions.codegen.CodegenContext;
import org.apache.spark.sql.catalyst.expressions.codegen.CodegenFallback;
import org.apache.spark.sql.catalyst.expressions.codegen.ExprCode;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.FloatType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.NullType;

/**
 * {@code pool_tokens(states, mask, pooling)}: stored token states to one vector, by the same {@link
 * Pooling} that embedding uses. Null without states, or if the mask lets no token through.
 */
public final class PoolTokens extends FunctionExpression implements CodegenFallback {
  private static final long serialVersionUID = 1;

  private final Expression states;
  private final Expression mask;
  private final Pooling pooling;

  /**
   * @param states {@code array<array<float>>}, one array per token
   * @param mask {@code array<int | bigint | boolean>} saying which are tokens, or null for all
   * @param pooling any that reads token states
   */
  public PoolTokens(Expression states, Expression mask, Pooling pooling) {
    this.states = states;
    this.mask = mask;
    this.pooling = pooling;
  }

  @Override
  public TypeCheckResult checkInputDataTypes() {
    DataType found = states.dataType();
    boolean floats =
        found instanceof ArrayType tokens
            && tokens.elementType() instanceof ArrayType values
            && values.elementType() instanceof FloatType;
    if (!floats && !(found instanceof NullType)) {
      return new TypeCheckResult.TypeCheckFailure(
          "pool_tokens pools token states (array<array<float>>), found %s; cast them first"
              .formatted(found.catalogString()));
    }
    DataType flags = mask.dataType();
    if (!(flags instanceof NullType) && !(flags instanceof ArrayType array && isFlag(array))) {
      return new TypeCheckResult.TypeCheckFailure(
          ("pool_tokens takes a mask (array<int>, array<bigint> or array<boolean>, or NULL for all"
                  + " tokens), found %s; cast it first")
              .formatted(flags.catalogString()));
    }
    return TypeCheckResult.TypeCheckSuccess$.MODULE$;
  }

  private static boolean isFlag(ArrayType array) {
    DataType flag = array.elementType();
    return flag instanceof IntegerType || flag instanceof LongType || flag instanceof BooleanType;
  }

  @Override
  public DataType dataType() {
    return EmbedText.TYPE;
  }

  @Override
  public Object eval(InternalRow row) {
    ArrayData tokens = (ArrayData) states.eval(row);
    if (tokens == null) {
      return null;
    }
    float[] vector =
        StoredTokens.pool(tokens, (ArrayData) mask.eval(row), mask.dataType(), pooling);
    return vector == null ? null : UnsafeArrayData.fromPrimitiveArray(vector);
  }

  @Override
  public ExprCode doGenCode(CodegenContext ctx, ExprCode ev) {
    return CodegenFallback.super.doGenCode(ctx, ev);
  }

  @Override
  protected PoolTokens withChildren(List<Expression> newChildren) {
    return new PoolTokens(newChildren.get(0), newChildren.get(1), pooling);
  }

  @Override
  public String prettyName() {
    return "pool_tokens";
  }

  @Override
  public String sql() {
    return "pool_tokens(%s, %s, '%s')".formatted(states.sql(), mask.sql(), pooling.label());
  }

  @Override
  public String toString() {
    return "pool_tokens(%s, %s, %s)".formatted(states, mask, pooling.label());
  }

  @Override
  public Object[] arguments() {
    return new Object[] {states, mask, pooling};
  }
}
