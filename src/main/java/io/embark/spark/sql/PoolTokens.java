package io.embark.spark.sql;

import io.embark.UserError;
import io.embark.pooling.Pooling;
import io.embark.pooling.TokenStates;
import io.embark.spark.catalyst.FunctionExpression;
import java.util.Arrays;
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
    boolean marks =
        flags instanceof ArrayType array
            && (array.elementType() instanceof IntegerType
                || array.elementType() instanceof LongType
                || array.elementType() instanceof BooleanType);
    if (!marks && !(flags instanceof NullType)) {
      return new TypeCheckResult.TypeCheckFailure(
          ("pool_tokens takes a mask (array<int>, array<bigint> or array<boolean>, or NULL for all"
                  + " tokens), found %s; cast it first")
              .formatted(flags.catalogString()));
    }
    return TypeCheckResult.TypeCheckSuccess$.MODULE$;
  }

  @Override
  public DataType dataType() {
    return EmbedText.TYPE;
  }

  @Override
  public Object eval(InternalRow row) {
    ArrayData tokens = (ArrayData) states.eval(row);
    float[] vector = tokens == null ? null : pool(tokens, (ArrayData) mask.eval(row));
    return vector == null ? null : UnsafeArrayData.fromPrimitiveArray(vector);
  }

  /**
   * The vector of one row, or null if there is no token.
   *
   * @param flags null for all tokens
   * @throws UserError if the states are ragged, hold nulls, or are not as many as the flags
   */
  private float[] pool(ArrayData tokens, ArrayData flags) {
    int length = tokens.numElements();
    if (flags != null && flags.numElements() != length) {
      throw new UserError(
          "pool_tokens: %d token states, but a mask of %d; wanted one flag per token."
              .formatted(length, flags.numElements()));
    }
    long[] attended = attended(length, flags);
    if (Arrays.stream(attended).noneMatch(flag -> flag != 0)) {
      return null;
    }
    int hiddenSize = state(tokens, 0).numElements();
    if (hiddenSize == 0) {
      throw new UserError("pool_tokens: the token states have no values.");
    }
    float[] hidden = new float[Math.multiplyExact(length, hiddenSize)];
    for (int token = 0; token < length; token++) {
      ArrayData state = state(tokens, token);
      if (state.numElements() != hiddenSize) {
        throw new UserError(
            ("pool_tokens: token 0 has %d values and token %d has %d; wanted as many for every"
                    + " token.")
                .formatted(hiddenSize, token, state.numElements()));
      }
      for (int h = 0; h < hiddenSize; h++) {
        if (state.isNullAt(h)) {
          throw new UserError(
              "pool_tokens: value %d of token %d is null (counted from 0).".formatted(h, token));
        }
        hidden[token * hiddenSize + h] = state.getFloat(h);
      }
    }
    return pooling.pool(new TokenStates(hidden, attended, null, 1, length, hiddenSize), 0);
  }

  private static ArrayData state(ArrayData tokens, int token) {
    if (tokens.isNullAt(token)) {
      throw new UserError(
          "pool_tokens: the state of token %d is null (counted from 0).".formatted(token));
    }
    return tokens.getArray(token);
  }

  private long[] attended(int length, ArrayData flags) {
    long[] attended = new long[length];
    for (int token = 0; token < length; token++) {
      if (flags == null) {
        attended[token] = 1;
      } else if (flags.isNullAt(token)) {
        throw new UserError(
            "pool_tokens: flag %d of the mask is null (counted from 0).".formatted(token));
      } else {
        attended[token] = isSet(flags, token) ? 1 : 0;
      }
    }
    return attended;
  }

  private boolean isSet(ArrayData flags, int token) {
    DataType flag = ((ArrayType) mask.dataType()).elementType();
    if (flag instanceof BooleanType) {
      return flags.getBoolean(token);
    }
    return flag instanceof IntegerType ? flags.getInt(token) != 0 : flags.getLong(token) != 0;
  }

  @Override
  public ExprCode doGenCode(CodegenContext ctx, ExprCode ev) {
    return CodegenFallback.super.doGenCode(ctx, ev);
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
