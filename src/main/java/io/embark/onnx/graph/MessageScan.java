package io.embark.onnx.graph;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** Reads the messages at one place of an {@code .onnx} file and skips the others: its weights. */
public final class MessageScan {
  /** Takes a message up to its end, where the stream has no further tag. */
  public interface Reader {
    void read(CodedInputStream message) throws IOException;
  }

  private final CodedInputStream in;
  private final Reader reader;
  private final int[] fields;

  private MessageScan(ByteBuffer file, Reader reader, int[] fields) {
    this.in = CodedInputStream.newInstance(file);
    this.in.setSizeLimit(Integer.MAX_VALUE);
    this.reader = reader;
    this.fields = fields;
  }

  /**
   * @param fields numbers from the model to the messages, each a field of the message before
   * @return whether it was read to its end; false if it is no ONNX model, which opening it reports
   *     better
   */
  public static boolean of(Path onnxFile, Reader reader, int... fields) throws IOException {
    try (FileChannel file = FileChannel.open(onnxFile)) {
      // Protobuf ends at 2 GiB, and so does a mapping.
      long size = Math.min(file.size(), Integer.MAX_VALUE);
      of(file.map(FileChannel.MapMode.READ_ONLY, 0, size), reader, fields);
      return true;
    } catch (InvalidProtocolBufferException e) {
      return false;
    }
  }

  /**
   * @throws InvalidProtocolBufferException if it is no ONNX model
   */
  static void of(ByteBuffer file, Reader reader, int... fields) throws IOException {
    new MessageScan(file, reader, fields).read(0);
  }

  private void read(int depth) throws IOException {
    if (depth == fields.length) {
      reader.read(in);
      in.checkLastTagWas(0);
      return;
    }
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (isField(tag, fields[depth])) {
        int outer = in.pushLimit(in.readRawVarint32());
        read(depth + 1);
        in.popLimit(outer);
      } else {
        in.skipField(tag);
      }
    }
  }

  /** Whether a tag begins a field of this number that has a length: a message, text or bytes. */
  static boolean isField(int tag, int field) {
    return WireFormat.getTagFieldNumber(tag) == field
        && WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED;
  }
}
