// A KMS, a device that signs and a verifier in Java, by JNA: see `run` beside this file.
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.nio.charset.StandardCharsets;

public final class SignVerify {
    /** The functions of eccsi_sakke.h that are called here. */
    public interface EccsiSakke extends Library {
        String es_error_text(int error);

        int es_ksak_generate(Pointer random, PointerByReference ksak);

        int es_ksak_public_key(Pointer ksak, PointerByReference kpak);

        int es_ksak_issue(Pointer ksak, byte[] id, SizeT idLength, Pointer random, PointerByReference issued);

        int es_issued_key_validate(Pointer issued, Pointer kpak, byte[] id, SizeT idLength, PointerByReference key);

        int es_signing_key_sign(
                Pointer key, byte[] message, SizeT messageLength, Pointer random, byte[] signature, SizeT signatureLength);

        int es_kpak_to_bytes(Pointer kpak, byte[] out, SizeT length);

        int es_kpak_from_bytes(byte[] data, SizeT length, PointerByReference kpak);

        int es_kpak_verify(
                Pointer kpak,
                byte[] id,
                SizeT idLength,
                byte[] message,
                SizeT messageLength,
                byte[] signature,
                SizeT signatureLength);

        void es_ksak_free(Pointer ksak);

        void es_kpak_free(Pointer kpak);

        void es_issued_key_free(Pointer issued);

        void es_signing_key_free(Pointer key);
    }

    /** size_t, whose width is that of the machine. */
    public static final class SizeT extends com.sun.jna.IntegerType {
        private static final long serialVersionUID = 1L;

        public SizeT() {
            this(0);
        }

        public SizeT(long value) {
            super(Native.SIZE_T_SIZE, value, true);
        }
    }

    private static final int KPAK_BYTES = 65;
    private static final int SIGNATURE_BYTES = 129;
    private static final int INVALID_SIGNATURE = 41;
    private static final EccsiSakke ES = Native.load("eccsi_sakke", EccsiSakke.class);

    private static SizeT length(byte[] octets) {
        return new SizeT(octets.length);
    }

    private static void check(int error) {
        if (error != 0) throw new IllegalStateException(ES.es_error_text(error));
    }

    /** The device: validates what the KMS delivered, and signs. The key is wiped when it is freed. */
    private static byte[] sign(Pointer issued, Pointer kpak, byte[] id, byte[] message) {
        PointerByReference key = new PointerByReference();
        check(ES.es_issued_key_validate(issued, kpak, id, length(id), key));
        try {
            byte[] signature = new byte[SIGNATURE_BYTES];
            check(ES.es_signing_key_sign(key.getValue(), message, length(message), null, signature, length(signature)));
            return signature;
        } finally {
            ES.es_signing_key_free(key.getValue());
        }
    }

    /** The verifier, which has octets alone: KPAK, the name, what came. */
    private static boolean verify(byte[] kpakOctets, byte[] id, byte[] message, byte[] signature) {
        PointerByReference kpak = new PointerByReference();
        check(ES.es_kpak_from_bytes(kpakOctets, length(kpakOctets), kpak));
        try {
            int error = ES.es_kpak_verify(
                    kpak.getValue(), id, length(id), message, length(message), signature, length(signature));
            if (error != INVALID_SIGNATURE) check(error);
            return error == 0;
        } finally {
            ES.es_kpak_free(kpak.getValue());
        }
    }

    public static void main(String[] arguments) {
        byte[] id = "alice".getBytes(StandardCharsets.UTF_8);
        byte[] message = "open valve 4".getBytes(StandardCharsets.UTF_8);
        byte[] other = "open valve 5".getBytes(StandardCharsets.UTF_8);
        PointerByReference ksak = new PointerByReference();
        PointerByReference kpak = new PointerByReference();
        PointerByReference issued = new PointerByReference();
        byte[] kpakOctets = new byte[KPAK_BYTES];
        byte[] signature;
        try {
            check(ES.es_ksak_generate(null, ksak));
            check(ES.es_ksak_public_key(ksak.getValue(), kpak));
            check(ES.es_kpak_to_bytes(kpak.getValue(), kpakOctets, length(kpakOctets)));
            check(ES.es_ksak_issue(ksak.getValue(), id, length(id), null, issued));
            signature = sign(issued.getValue(), kpak.getValue(), id, message);
        } finally {
            // NULL is nothing.
            ES.es_issued_key_free(issued.getValue());
            ES.es_kpak_free(kpak.getValue());
            ES.es_ksak_free(ksak.getValue());
        }
        System.out.println("alice signs \"open valve 4\": " + signature.length + " octets");
        System.out.println("\"open valve 4\": " + (verify(kpakOctets, id, message, signature) ? "hers" : "refused"));
        System.out.println("\"open valve 5\": " + (verify(kpakOctets, id, other, signature) ? "hers" : "refused"));
    }
}
