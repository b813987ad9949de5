# Functions for the self-test of check.py: those named leak_ have one planted leak each, those named clean_ none.
# rdi is a reference, rsi a secret word, the other arguments secrets. Nothing is ever run.
.intel_syntax noprefix
.text

clean_selection_in_registers:
    vmovdqa64 zmm0, [rdi]
    vpbroadcastq zmm1, rsi
    vpcmpeqq k1, zmm1, zmm0
    vpblendmq zmm2{k1}, zmm0, zmm1
    vpmovm2q zmm3, k1
    vpternlogq zmm3, zmm2, [rdi + 64], 0xca
    vmovdqa64 [rdi], zmm3
    ret

clean_constant_masks:
    mov eax, 2
    kmovd k1, eax
    vpbroadcastq zmm0{k1}, [rdi]
    mov rcx, rsi
    mov cl, 4
    kmovd k2, ecx
    vpbroadcastq zmm0{k2}, [rdi + 8]
    kxnorw k3, k3, k3
    vmovdqu64 zmm1{k3}{z}, [rdi]
    kmovq k4, k1
    vmovdqu64 zmm1{k4}{z}, [rdi]
    ret

clean_counter:
    xor eax, eax
1:
    add rsi, [rdi + rax*8]
    inc rax
    cmp rax, 4
    jne 1b
    mov [rdi], rsi
    ret

clean_masks_of_words:
    mov rax, rsi
    neg rax
    sbb rax, rax
    and rax, [rdi]
    cmove rax, rdx
    mov [rdi + 8], rax
    ret

clean_spilled_counter:
    sub rsp, 24
    mov qword ptr [rsp + 8], 3
1:
    dec qword ptr [rsp + 8]
    jne 1b
    add rsp, 24
    ret

clean_lowest_octet:
    mov rax, rsi
    mov al, 1
    test al, al
    jne 1f
    mov [rdi], rsi
1:
    ret

leak_masked_load:
    kmovd k1, esi
    vmovdqu64 zmm0{k1}, [rdi]
    ret

leak_zero_masked_load:
    vpbroadcastq zmm1, rsi
    vpcmpeqq k1, zmm1, [rdi]
    vmovdqa64 zmm0{k1}{z}, [rdi + 64]
    ret

leak_masked_load_under_a_copy:
    kmovd k1, esi
    kmovq k2, k1
    vmovdqu64 zmm0{k2}, [rdi]
    ret

leak_masked_load_of_ymm:
    vpbroadcastq ymm1, rsi
    vpcmpeqq k1, ymm1, [rdi]
    vmovdqu64 ymm0{k1}{z}, [rdi + 64]
    ret

leak_masked_store:
    kmovd k1, esi
    vmovdqu64 [rdi]{k1}, zmm0
    ret

leak_masked_operand:
    kmovd k1, esi
    vpaddq zmm0{k1}, zmm1, [rdi]
    ret

leak_masked_broadcast:
    kmovd k1, esi
    vpaddq zmm0{k1}, zmm1, [rdi]{1to8}
    ret

leak_masked_blend:
    kmovd k1, esi
    vpblendmq zmm0{k1}, zmm1, [rdi]
    ret

leak_mask_in_part:
    mov eax, 2
    kmovd k1, eax
    kmovd k2, esi
    kandw k1, k1, k2
    vmovdqu64 zmm0{k1}, [rdi]
    ret

leak_mask_beyond_the_lowest_octet:
    mov eax, esi
    mov al, 1
    kmovd k1, eax
    vmovdqu32 zmm0{k1}, [rdi]
    ret

leak_mask_on_one_path:
    mov eax, 2
    kmovd k1, eax
    xor ecx, ecx
1:
    vmovdqu64 zmm0{k1}, [rdi]
    kmovd k1, esi
    inc rcx
    cmp rcx, 2
    jne 1b
    ret

leak_vpmaskmov:
    vmovq xmm0, rsi
    vpmaskmovq ymm1, ymm0, [rdi]
    ret

leak_vmaskmov_store:
    vmovq xmm0, rsi
    vmaskmovpd [rdi], ymm0, ymm1
    ret

leak_compressing_store:
    kmovd k1, esi
    vpcompressq [rdi]{k1}, zmm0
    ret

leak_gather:
    kxnorw k1, k1, k1
    vpgatherqq zmm0{k1}, [rdi + zmm1*8]
    ret

leak_branch:
    test rsi, 1
    jne 1f
    mov [rdi], rsi
1:
    ret

leak_branch_on_an_argument_by_value:
    cmp edx, 5
    jb 1f
    mov [rdi], rsi
1:
    ret

leak_branch_on_a_word_of_memory:
    cmp qword ptr [rdi + 8], 0
    je 1f
    mov [rdi], rsi
1:
    ret

leak_branch_on_a_product:
    mov rdx, rsi
    mulx rax, rcx, [rdi]
    test rax, rax
    js 1f
    mov [rdi], rsi
1:
    ret

leak_branch_on_a_carry:
    mov rax, [rdi]
    add rax, rsi
    jc 1f
    mov [rdi], rsi
1:
    ret

leak_branch_on_set:
    xor eax, eax
    test rsi, rsi
    sete al
    test al, al
    jne 1f
    mov [rdi], rsi
1:
    ret

leak_branch_on_part_of_a_register:
    mov r8, rsi
    mov r8b, 1
    test r8, r8
    js 1f
    mov [rdi], rsi
1:
    ret

leak_branch_on_a_result:
    mov rbx, rdi
    call clean_counter
    test rax, rax
    jne 1f
    mov [rbx], rbx
1:
    ret

leak_loop_of_secret_length:
1:
    dec rsi
    jne 1b
    ret

leak_branch_by_ktestb:
    xor ecx, ecx
    kmovd k1, esi
    ktestb k1, k1
    je 1f
    mov [rdi], rsi
1:
    ret

leak_branch_by_ktestw:
    xor ecx, ecx
    kmovd k1, esi
    ktestw k1, k1
    je 1f
    mov [rdi], rsi
1:
    ret

leak_branch_by_kortestb:
    xor ecx, ecx
    kmovd k1, esi
    kortestb k1, k1
    je 1f
    mov [rdi], rsi
1:
    ret

leak_branch_by_kortestq:
    xor ecx, ecx
    kmovq k1, rsi
    kortestq k1, k1
    je 1f
    mov [rdi], rsi
1:
    ret

leak_branch_by_ptest:
    xor ecx, ecx
    movq xmm0, rsi
    ptest xmm0, xmm0
    je 1f
    mov [rdi], rsi
1:
    ret

leak_branch_by_vptest:
    xor ecx, ecx
    vmovq xmm0, rsi
    vptest ymm0, ymm0
    je 1f
    mov [rdi], rsi
1:
    ret

leak_branch_by_vtestps:
    xor ecx, ecx
    vmovq xmm0, rsi
    vtestps ymm0, ymm0
    je 1f
    mov [rdi], rsi
1:
    ret

leak_branch_by_vtestpd:
    xor ecx, ecx
    vmovq xmm0, rsi
    vtestpd ymm0, ymm0
    je 1f
    mov [rdi], rsi
1:
    ret

leak_branch_by_comiss:
    xor ecx, ecx
    movq xmm0, rsi
    comiss xmm0, xmm1
    je 1f
    mov [rdi], rsi
1:
    ret

leak_branch_by_ucomisd:
    xor ecx, ecx
    movq xmm0, rsi
    ucomisd xmm0, xmm1
    je 1f
    mov [rdi], rsi
1:
    ret

leak_branch_by_vcomisd:
    xor ecx, ecx
    vmovq xmm0, rsi
    vcomisd xmm0, xmm1
    je 1f
    mov [rdi], rsi
1:
    ret

leak_branch_by_vucomiss:
    xor ecx, ecx
    vmovq xmm0, rsi
    vucomiss xmm0, xmm1
    je 1f
    mov [rdi], rsi
1:
    ret

leak_branch_by_pcmpistri:
    xor ecx, ecx
    movq xmm0, rsi
    pcmpistri xmm0, xmm1, 0
    je 1f
    mov [rdi], rsi
1:
    ret

leak_branch_by_vmovmskpd:
    xor ecx, ecx
    vmovq xmm0, rsi
    vmovmskpd eax, xmm0
    test eax, eax
    je 1f
    mov [rdi], rsi
1:
    ret

leak_branch_by_vpextrq:
    xor ecx, ecx
    vmovq xmm0, rsi
    vpextrq rax, xmm0, 0
    test rax, rax
    je 1f
    mov [rdi], rsi
1:
    ret

leak_branch_by_kmov:
    xor ecx, ecx
    vpmovq2m k1, zmm0
    kmovd eax, k1
    test eax, eax
    je 1f
    mov [rdi], rsi
1:
    ret

leak_branch_by_popf:
    push rsi
    popf
    jne 1f
    mov [rdi], rsi
1:
    ret

leak_indirect_jump:
    jmp rsi

leak_indirect_call:
    call rsi
    ret

leak_index:
    mov rax, [rdi + rsi*8]
    mov [rdi], rax
    ret

leak_index_of_memory:
    mov rax, [rdi]
    mov rax, [rdi + rax*8]
    mov [rdi], rax
    ret

leak_index_by_lea:
    shl rsi, 6
    lea rax, [rdi + rsi]
    mov rax, [rax]
    mov [rdi], rax
    ret

leak_index_scaled_from_memory:
    mov rax, [rdi]
    shl rax, 6
    add rax, rdi
    mov rax, [rax]
    mov [rdi], rax
    ret

leak_index_of_a_store:
    mov [rdi + rsi], rdx
    ret

leak_index_in_vectors:
    vmovdqu64 zmm0, [rdi + rsi]
    vmovdqu64 [rdi], zmm0
    ret

leak_address_chosen:
    lea rax, [rdi + 64]
    test rsi, rsi
    cmove rdi, rax
    mov rax, [rdi]
    ret

leak_bit_of_memory:
    bt [rdi], rsi
    sbb rax, rax
    ret

leak_table_of_octets:
    mov rbx, rdi
    mov eax, esi
    xlatb
    ret

leak_repeated_moves:
    mov rcx, rsi
    lea rsi, [rdi + 64]
    rep movsb
    ret

leak_repeated_stores:
    mov rcx, rsi
    xor eax, eax
    rep stosq
    ret

leak_stack_through_a_reference:
    sub rsp, 24
    mov qword ptr [rsp + 8], 3
    lea rax, [rsp + 8]
    mov [rax], rsi
    cmp qword ptr [rsp + 8], 0
    je 1f
    mov [rdi], rsi
1:
    add rsp, 24
    ret

leak_stack_moved:
    sub rsp, 24
    mov qword ptr [rsp + 8], 3
    mov [rsp], rsi
    sub rsp, 8
    cmp qword ptr [rsp + 8], 0
    je 1f
    mov [rdi], rsi
1:
    add rsp, 32
    ret

leak_frame_moved:
    mov rbp, rdi
    mov qword ptr [rbp + 8], 3
    add rbp, 8
    cmp qword ptr [rbp + 8], 0
    je 1f
    mov [rdi], rsi
1:
    ret

leak_spilled:
    sub rsp, 24
    mov [rsp + 8], rsi
    mov rax, [rsp + 8]
    add rsp, 24
    test rax, rax
    je 1f
    mov [rdi], rsi
1:
    ret

leak_division:
    mov rax, [rdi]
    xor edx, edx
    div rsi
    ret

leak_dividend:
    mov rax, rsi
    xor edx, edx
    mov ecx, 10
    div rcx
    ret

leak_reference_given:
    mov rdi, rsi
    call clean_counter
    ret

leak_reference_given_at_the_end:
    mov rdi, rsi
    jmp clean_counter

leak_call_of_what_is_not_looked_at:
    call not_looked_at
    ret

leak_instruction_not_known:
    cpuid
    ret

not_looked_at:
    ret
