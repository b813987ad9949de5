/* wolfSSL and this library in one program: keys, signatures and Encapsulated Data, both ways. wolfssl ROUNDS */
#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/eccsi.h>
#include <wolfssl/wolfcrypt/random.h>
#include <wolfssl/wolfcrypt/sakke.h>

#include "check.h"

static WC_RNG rng;

struct names {
    char id[32], message[32];
    word32 id_length, message_length;
};

static struct names names_of(int round) {
    struct names names;
    names.id_length = (word32)sprintf(names.id, "device %d", round);
    names.message_length = (word32)sprintf(names.message, "open valve %d", round);
    return names;
}

#define BYTES(text) (const byte *)(text)

/* An EccsiKey of wolfSSL that knows KPAK. */
static EccsiKey *eccsi_of(const byte *kpak) {
    EccsiKey *key = calloc(1, sizeof *key);
    CHECK(key != NULL && wc_InitEccsiKey(key, NULL, INVALID_DEVID) == 0);
    CHECK(wc_ImportEccsiPublicKey(key, (byte *)kpak + 1, 64, 0) == 0);
    return key;
}

static void eccsi_done(EccsiKey *key) {
    wc_FreeEccsiKey(key);
    free(key);
}

static void set_hash(EccsiKey *key, const struct names *names, ecc_point *pvt) {
    byte hash[64], size = sizeof hash;
    CHECK(wc_HashEccsiId(key, WC_HASH_TYPE_SHA256, BYTES(names->id), names->id_length, pvt, hash, &size) == 0);
    CHECK(size == 32 && wc_SetEccsiHash(key, hash, size) == 0);
}

/* RFC 6507 5.2.2 by wolfSSL. */
static int verifies_there(const byte *kpak, const struct names *names, const byte *signature) {
    EccsiKey *key = eccsi_of(kpak);
    ecc_point *pvt = wc_ecc_new_point();
    int verified = 0;
    if (wc_DecodeEccsiPvtFromSig(key, signature, 129, pvt) == 0) {
        set_hash(key, names, pvt);
        if (wc_VerifyEccsiHash(key, WC_HASH_TYPE_SHA256, BYTES(names->message), names->message_length, signature, 129,
                               &verified) != 0)
            verified = 0;
    }
    wc_ecc_del_point(pvt);
    eccsi_done(key);
    return verified;
}

/* Validates a pair there and signs with it: RFC 6507 5.1.2, 5.2.1. */
static int signs_there(const byte *kpak, const struct names *names, const byte *ssk, const byte *pvt, byte *signature) {
    EccsiKey *key = eccsi_of(kpak);
    ecc_point *point = wc_ecc_new_point();
    mp_int secret;
    int valid = 0;
    word32 size = 129;
    CHECK(mp_init(&secret) == 0);
    CHECK(wc_DecodeEccsiSsk(key, ssk, 32, &secret) == 0);
    CHECK(wc_DecodeEccsiPvt(key, pvt + 1, 64, point) == 0);
    CHECK(wc_ValidateEccsiPair(key, WC_HASH_TYPE_SHA256, BYTES(names->id), names->id_length, &secret, point, &valid) == 0);
    if (valid) {
        set_hash(key, names, point);
        CHECK(wc_SetEccsiPair(key, &secret, point) == 0);
        CHECK(wc_SignEccsiHash(key, &rng, WC_HASH_TYPE_SHA256, BYTES(names->message), names->message_length, signature,
                               &size) == 0);
        CHECK(size == 129);
    }
    mp_forcezero(&secret);
    wc_ecc_del_point(point);
    eccsi_done(key);
    return valid;
}

/* A pair of wolfSSL's KMS: RFC 6507 5.1.1. */
static void issued_there(const byte *ksak, const byte *kpak, const struct names *names, byte *ssk, byte *pvt) {
    EccsiKey *key = calloc(1, sizeof *key);
    ecc_point *point = wc_ecc_new_point();
    mp_int secret;
    byte both[96];
    word32 size = 32;
    CHECK(key != NULL && wc_InitEccsiKey(key, NULL, INVALID_DEVID) == 0);
    memcpy(both, ksak, 32);
    memcpy(both + 32, kpak + 1, 64);
    CHECK(mp_init(&secret) == 0);
    CHECK(wc_ImportEccsiKey(key, both, sizeof both) == 0);
    CHECK(wc_MakeEccsiPair(key, &rng, WC_HASH_TYPE_SHA256, BYTES(names->id), names->id_length, &secret, point) == 0);
    CHECK(wc_EncodeEccsiSsk(key, &secret, ssk, &size) == 0 && size == 32);
    size = 64;
    pvt[0] = 4;
    CHECK(wc_EncodeEccsiPvt(key, point, pvt + 1, &size, 1) == 0 && size == 64);
    mp_forcezero(&secret);
    wc_ecc_del_point(point);
    eccsi_done(key);
}

static void eccsi(int round) {
    const struct names names = names_of(round), others = names_of(round + 1);
    es_ksak *ksak;
    es_kpak *kpak;
    es_issued_key *here, *there;
    es_signing_key *key, *refused;
    byte ksak_octets[32], kpak_octets[65], ssk[32], pvt[65], signature[129];

    OK(es_ksak_generate(NULL, &ksak));
    OK(es_ksak_public_key(ksak, &kpak));
    OK(es_ksak_expose(ksak, ksak_octets, 32));
    OK(es_kpak_to_bytes(kpak, kpak_octets, 65));

    /* A key issued here signs there; the signature verifies here and there. */
    OK(es_ksak_issue(ksak, BYTES(names.id), names.id_length, NULL, &here));
    OK(es_issued_key_expose(here, ssk, 32));
    OK(es_issued_key_pvt(here, pvt, 65));
    CHECK(signs_there(kpak_octets, &names, ssk, pvt, signature));
    CHECK(!signs_there(kpak_octets, &others, ssk, pvt, signature));
    OK(es_kpak_verify(kpak, BYTES(names.id), names.id_length, BYTES(names.message), names.message_length, signature, 129));
    EXPECT(ES_INVALID_SIGNATURE, es_kpak_verify(kpak, BYTES(names.id), names.id_length, BYTES(others.message),
                                                others.message_length, signature, 129));
    CHECK(verifies_there(kpak_octets, &names, signature));

    /* A key issued there signs here. */
    issued_there(ksak_octets, kpak_octets, &names, ssk, pvt);
    OK(es_issued_key_from_parts(ssk, 32, pvt, 65, &there));
    OK(es_issued_key_validate(there, kpak, BYTES(names.id), names.id_length, &key));
    EXPECT(ES_INVALID_KEY, es_issued_key_validate(there, kpak, BYTES(others.id), others.id_length, &refused));
    OK(es_signing_key_sign(key, BYTES(names.message), names.message_length, NULL, signature, 129));
    CHECK(verifies_there(kpak_octets, &names, signature));
    signature[40 + round % 20] ^= 1;
    CHECK(!verifies_there(kpak_octets, &names, signature));

    es_signing_key_free(key);
    es_issued_key_free(there);
    es_issued_key_free(here);
    es_kpak_free(kpak);
    es_ksak_free(ksak);
}

static SakkeKey *sakke_of(const byte *public_key) {
    SakkeKey *key = calloc(1, sizeof *key);
    CHECK(key != NULL && wc_InitSakkeKey(key, NULL, INVALID_DEVID) == 0);
    if (public_key != NULL) CHECK(wc_ImportSakkePublicKey(key, (byte *)public_key, 257, 0) == 0);
    return key;
}

static void sakke_done(SakkeKey *key) {
    wc_FreeSakkeKey(key);
    free(key);
}

/* What a receiver of wolfSSL makes of a key and data: RFC 6508 6.1.2, 6.2.2. */
static int opened_there(const byte *public_key, const struct names *names, const byte *rsk, const byte *data, byte *ssv) {
    SakkeKey *key = sakke_of(public_key);
    ecc_point *point = wc_ecc_new_point();
    int valid = 0, opened;
    CHECK(wc_DecodeSakkeRsk(key, rsk, 257, point) == 0);
    CHECK(wc_ValidateSakkeRsk(key, BYTES(names->id), (word16)names->id_length, point, &valid) == 0 && valid);
    sakke_done(key);
    key = sakke_of(public_key);
    CHECK(wc_SetSakkeIdentity(key, BYTES(names->id), (word16)names->id_length) == 0);
    CHECK(wc_SetSakkeRsk(key, point, NULL, 0) == 0);
    memcpy(ssv, data + 257, 16);
    opened = wc_DeriveSakkeSSV(key, WC_HASH_TYPE_SHA256, ssv, 16, data, 257) == 0;
    wc_ecc_del_point(point);
    sakke_done(key);
    return opened;
}

static void sakke(int round) {
    const struct names names = names_of(round);
    es_sakke_secret *secret;
    es_sakke_public *public_key;
    es_sakke_id *id;
    es_sakke_issued *here, *there;
    es_sakke_key *receiver;
    byte z[128 + 256], z_public[257], rsk[257], data[273], ssv[16], opened[16];
    word16 size = 257;
    word32 octets = 257;

    OK(es_sakke_secret_generate(NULL, &secret));
    OK(es_sakke_secret_public_key(secret, &public_key));
    OK(es_sakke_secret_expose(secret, z, 128));
    OK(es_sakke_public_to_bytes(public_key, z_public, 257));
    OK(es_sakke_id_from_raw(BYTES(names.id), names.id_length, &id));

    /* Issued here, encapsulated here, opened there. */
    OK(es_sakke_secret_issue(secret, id, &here));
    OK(es_sakke_issued_expose(here, rsk, 257));
    OK(es_sakke_public_encapsulate(public_key, id, NULL, data, 273, ssv, 16));
    CHECK(opened_there(z_public, &names, rsk, data, opened));
    CHECK(memcmp(ssv, opened, 16) == 0);
    data[257 + round % 16] ^= 1;
    CHECK(!opened_there(z_public, &names, rsk, data, opened));

    /* Issued there, encapsulated there, opened here. */
    memcpy(z + 128, z_public + 1, 256);
    SakkeKey *kms = sakke_of(NULL), *sender = sakke_of(z_public);
    ecc_point *point = wc_ecc_new_point();
    CHECK(wc_ImportSakkeKey(kms, z, sizeof z) == 0);
    CHECK(wc_MakeSakkeRsk(kms, BYTES(names.id), (word16)names.id_length, point) == 0);
    CHECK(wc_EncodeSakkeRsk(kms, point, rsk, &octets, 0) == 0 && octets == 257);
    OK(es_sakke_issued_from_bytes(rsk, 257, &there));
    OK(es_sakke_issued_validate(there, public_key, id, &receiver));
    CHECK(wc_SetSakkeIdentity(sender, BYTES(names.id), (word16)names.id_length) == 0);
    memcpy(data + 257, ssv, 16);
    CHECK(wc_MakeSakkeEncapsulatedSSV(sender, WC_HASH_TYPE_SHA256, data + 257, 16, data, &size) == 0 && size == 257);
    OK(es_sakke_key_decapsulate(receiver, data, 273, opened, 16));
    CHECK(memcmp(ssv, opened, 16) == 0);
    data[257] ^= 1;
    EXPECT(ES_DECAPSULATION_FAILED, es_sakke_key_decapsulate(receiver, data, 273, opened, 16));

    wc_ecc_del_point(point);
    sakke_done(sender);
    sakke_done(kms);
    es_sakke_key_free(receiver);
    es_sakke_issued_free(there);
    es_sakke_issued_free(here);
    es_sakke_id_free(id);
    es_sakke_public_free(public_key);
    es_sakke_secret_free(secret);
}

int main(int count, char **arguments) {
    const int rounds = count == 2 ? atoi(arguments[1]) : 0;
    CHECK(rounds > 0);
    CHECK(wc_InitRng(&rng) == 0);
    for (int round = 0; round < rounds; round++) {
        eccsi(round);
        sakke(round);
    }
    wc_FreeRng(&rng);
    printf("%d rounds each way\n", rounds);
    return 0;
}
