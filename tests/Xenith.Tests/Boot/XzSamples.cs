// Small .xz streams made by xz 5.4 (liblzma) with different checks, filters and properties, and the data that they hold.

namespace Xenith.Tests.Boot;

internal static class XzSamples
{
    public static byte[] TextCrc32 => Decode(
        """
        /Td6WFoAAAFpIt42AgAhARYAAAB0L+Wj4A4mAiZdADgYSSrCvb5DMH4Ftky0iCQsUd410CfCrNBsJ1Z4Qji7xRt0mv7Emkbz68eMxxozeHWz6gF20cM688HC
        58mlvzEYIEiQdYgGdVQjqvlsRQJ097yQ0sGeQ9cV6KYvFlkcy21gaL0ygynseD5zdCmFlUW3yeBNC8zGODYR2weY5eFmEOr9Xj3dQirqPTZhtCWfq5bunQ6i
        EQBIHsaCf7pXybOIkmbAu16WfrWLsRECM05jNtgQ9R7WPeVxPND7eZE5DwYNEOkwNhlc8xHQnJNBh+ENokTrxXnrNZDXXh+/pb9tdw4QdaTImoYr3aDOF0b5
        evjzhEz7z9Ur09WuRwmPf6WT4kyEcUIY+RtEYUjP+fWYqEfc+Cx6939hSRrU953/Ptt7hi3Jqcl0xJecVkbPi/gR52yt2OXeXkXziqHo06ydk+dYPKhc9Vnx
        qob33gMyy8ryhPrdOIJs1Dd/Dbb7mSycHbGwno/TbP8FjyAj4eg/I1UP2qcIE+Ode78CMTPipXqU+m/dAI1N3aZQMfyNDl8RRz69LeNInlBCorjHV9XpDPEX
        pEJWGT+0k4kGKinrO8hgtQnbv5F8AnKrRVFl8xveWb2RBJ2bEBAAGCmnAOTbo7yA5rrnnY08BqNJSl235jPWvn2xMWrhZBjrsDErAmUkP/0tLX1H+vXTf44/
        pMptc7h/9huYF8xpF3/Tlm5zNgtoifoR+F/PSV4IlzAOq4ZBti+0oQAAAACCgzy8AAG+BKccAACwe5XTPjANiwIAAAAAAVla
        """);

    public static byte[] TextCrc64 => Decode(
        """
        /Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4A4mAiZdADgYSSrCvb5DMH4Ftky0iCQsUd410CfCrNBsJ1Z4Qji7xRt0mv7Emkbz68eMxxozeHWz6gF20cM688HC
        58mlvzEYIEiQdYgGdVQjqvlsRQJ097yQ0sGeQ9cV6KYvFlkcy21gaL0ygynseD5zdCmFlUW3yeBNC8zGODYR2weY5eFmEOr9Xj3dQirqPTZhtCWfq5bunQ6i
        EQBIHsaCf7pXybOIkmbAu16WfrWLsRECM05jNtgQ9R7WPeVxPND7eZE5DwYNEOkwNhlc8xHQnJNBh+ENokTrxXnrNZDXXh+/pb9tdw4QdaTImoYr3aDOF0b5
        evjzhEz7z9Ur09WuRwmPf6WT4kyEcUIY+RtEYUjP+fWYqEfc+Cx6939hSRrU953/Ptt7hi3Jqcl0xJecVkbPi/gR52yt2OXeXkXziqHo06ydk+dYPKhc9Vnx
        qob33gMyy8ryhPrdOIJs1Dd/Dbb7mSycHbGwno/TbP8FjyAj4eg/I1UP2qcIE+Ode78CMTPipXqU+m/dAI1N3aZQMfyNDl8RRz69LeNInlBCorjHV9XpDPEX
        pEJWGT+0k4kGKinrO8hgtQnbv5F8AnKrRVFl8xveWb2RBJ2bEBAAGCmnAOTbo7yA5rrnnY08BqNJSl235jPWvn2xMWrhZBjrsDErAmUkP/0tLX1H+vXTf44/
        pMptc7h/9huYF8xpF3/Tlm5zNgtoifoR+F/PSV4IlzAOq4ZBti+0oQAAAABMOYm76Tr9mAABwgSnHAAACrZ1r7HEZ/sCAAAAAARZWg==
        """);

    public static byte[] TextNoCheck => Decode(
        """
        /Td6WFoAAAD/EtlBAgAhARYAAAB0L+Wj4A4mAiZdADgYSSrCvb5DMH4Ftky0iCQsUd410CfCrNBsJ1Z4Qji7xRt0mv7Emkbz68eMxxozeHWz6gF20cM688HC
        58mlvzEYIEiQdYgGdVQjqvlsRQJ097yQ0sGeQ9cV6KYvFlkcy21gaL0ygynseD5zdCmFlUW3yeBNC8zGODYR2weY5eFmEOr9Xj3dQirqPTZhtCWfq5bunQ6i
        EQBIHsaCf7pXybOIkmbAu16WfrWLsRECM05jNtgQ9R7WPeVxPND7eZE5DwYNEOkwNhlc8xHQnJNBh+ENokTrxXnrNZDXXh+/pb9tdw4QdaTImoYr3aDOF0b5
        evjzhEz7z9Ur09WuRwmPf6WT4kyEcUIY+RtEYUjP+fWYqEfc+Cx6939hSRrU953/Ptt7hi3Jqcl0xJecVkbPi/gR52yt2OXeXkXziqHo06ydk+dYPKhc9Vnx
        qob33gMyy8ryhPrdOIJs1Dd/Dbb7mSycHbGwno/TbP8FjyAj4eg/I1UP2qcIE+Ode78CMTPipXqU+m/dAI1N3aZQMfyNDl8RRz69LeNInlBCorjHV9XpDPEX
        pEJWGT+0k4kGKinrO8hgtQnbv5F8AnKrRVFl8xveWb2RBJ2bEBAAGCmnAOTbo7yA5rrnnY08BqNJSl235jPWvn2xMWrhZBjrsDErAmUkP/0tLX1H+vXTf44/
        pMptc7h/9huYF8xpF3/Tlm5zNgtoifoR+F/PSV4IlzAOq4ZBti+0oQAAAAAAAboEpxwAAKY5BEioAAr8AgAAAAAAWVo=
        """);

    public static byte[] TextSha256 => Decode(
        """
        /Td6WFoAAArh+wyhAgAhARYAAAB0L+Wj4A4mAiZdADgYSSrCvb5DMH4Ftky0iCQsUd410CfCrNBsJ1Z4Qji7xRt0mv7Emkbz68eMxxozeHWz6gF20cM688HC
        58mlvzEYIEiQdYgGdVQjqvlsRQJ097yQ0sGeQ9cV6KYvFlkcy21gaL0ygynseD5zdCmFlUW3yeBNC8zGODYR2weY5eFmEOr9Xj3dQirqPTZhtCWfq5bunQ6i
        EQBIHsaCf7pXybOIkmbAu16WfrWLsRECM05jNtgQ9R7WPeVxPND7eZE5DwYNEOkwNhlc8xHQnJNBh+ENokTrxXnrNZDXXh+/pb9tdw4QdaTImoYr3aDOF0b5
        evjzhEz7z9Ur09WuRwmPf6WT4kyEcUIY+RtEYUjP+fWYqEfc+Cx6939hSRrU953/Ptt7hi3Jqcl0xJecVkbPi/gR52yt2OXeXkXziqHo06ydk+dYPKhc9Vnx
        qob33gMyy8ryhPrdOIJs1Dd/Dbb7mSycHbGwno/TbP8FjyAj4eg/I1UP2qcIE+Ode78CMTPipXqU+m/dAI1N3aZQMfyNDl8RRz69LeNInlBCorjHV9XpDPEX
        pEJWGT+0k4kGKinrO8hgtQnbv5F8AnKrRVFl8xveWb2RBJ2bEBAAGCmnAOTbo7yA5rrnnY08BqNJSl235jPWvn2xMWrhZBjrsDErAmUkP/0tLX1H+vXTf44/
        pMptc7h/9huYF8xpF3/Tlm5zNgtoifoR+F/PSV4IlzAOq4ZBti+0oQAAAAAJmlZ70/GC2NU3VmHnDL2qSSBcLtCmV/jnIF1IilDmygAB2gSnHAAA/DbwQLbp
        3xwCAAAAAApZWg==
        """);

    public static byte[] TextOtherProperties => Decode(
        """
        /Td6WFoAAAFpIt42AgAhARYAAAB0L+Wj4A4mAiIcADgZDB+nE5DMoWy3LqBuH/HiEfSSM0p068mDpJ6WUUgVUn2u/HJ7zWFNCl3GZLvAHcmHAmuyPpnOqBWD
        w+mGe4zmryYn9020GC4pPqSjyQHI1OFGClrjdL92P4jCPRfD7UPjrG0NPYhcHzFAvGcIHVi7twwXtiQbrhnDyM9v4mTZeQ59Cjq/m94XW2Sqa7FkFXTlbds/
        mBneWhRJwXO/7PeDFwqlq6zGAiqav6aKpgC+Hcxk3OBEb2xhfv4fOUwVf8HXOXEijLuBblNeZwSgUKGl078ylc4AEum2JgH0VkQV1BLY77YfH8eqlms0m48O
        DW4+2zs2sN7ioN/VmcmgIeho2/8U94exwXNi1wyPzU/Myf5oepQPeo8fgYQBpZ1nG99j9f4YvSUH7DMHniYpfJRDhRMYaB0InJKPzEtibJbIXWUBh9mekzsC
        7UA8Wq+px1Lct4Y/G6HiRhAU/SuUPYCK9zoPUP+fe/FvYD838p/KEjRLn4NwEHk2NGdt1V2Pdq9Rwi7J1c4tWi2EF1HUnacgtoP6w0MlFrhlXXsbmAqZAByl
        x0Kf284/gXVD0F9fIOvEouPRNBY6KkwTCOUAV3LlLK/V9LBS554M7EQ8kLVG9v3Cot7MupTI1aoHq+shkPz3X7cyhUlDagxzkYSrSuWp5/tuspc7GNySGsRI
        4u4/WPxfye8S+YZMTQ7jvOP6Pgfa8CAGVndXZIxLUKnBe5X56gAAAIKDPLwAAboEpxwAAKY5BEg+MA2LAgAAAAABWVo=
        """);

    public static byte[] TextMorePositions => Decode(
        """
        /Td6WFoAAAFpIt42AgAhARwAAAAQz1jM4A4mAjjGADgYSOZRAWUJXWDo3s6qjbAPwU4yanhR2IwD2sqEZufyM/tGc39PW7SvPEEJcn0v6O4+OMXc/ltbhXJw
        Csb6jdnqKCNzVnaKbCCQdpbZrQ6BdkLDB6X1PFSFb6Oq1b0KAM0enM3jwD/G1KzFJQynYBthtl4T1k1uWSNT5aCGi0BCJpKF6oRGkUUDM1FHmGmcr+ds4lsr
        xfPtVQBPZVx10qb8o4UDzZTACpN6PjnbSiVhjFkPVpNH6qm6ZtFrrehQqYtD243zZf6EUyP8ZXuuvuTcpd/K4qh+TcZNFOraQTbYk40BqdfzY8EKGHtbtzY/
        v6iX8esoX6SId/+RlUNCwJglu8sPA2jI5tQlrl9Q6gduM76hWIi9TSyuMYfVptk4kv+LIrT5r97k20yBcE0g+0ndGzBMvbKMF61703VhBu/twdjZLMUQ4WdF
        dRs31dv1U2aIdJsDSFi1KFFwmc+imBmjb7D2BPZWFJ3CZDnVM+2gm/w/sPwpBUNhPmQ3UPJEsez1JkryFGi3S0uyNny1xGCK8pAzXSNdC3wlFhanBtZtN8+g
        Os09+YZNbg8PSBi1T9pDQJ3rxrArCd81ACof0C8VIHKlC56IHseV4RkzangA3wpGce7mICg34KleN8EDIyAQW+2d72p93ysnul46rwtMh6XhCSnqXFDCOE7l
        PTkoS3tX2wwBsxInVjfROOmVln5NFjohCYqx3LwXxDV+HlNm9JbDTrg4YWLSIqPh0TTmhJAv8u2/YWwAgoM8vAAB0ASnHAAAmhVr4T4wDYsCAAAAAAFZWg==
        """);

    public static byte[] Empty => Decode(
        """
        /Td6WFoAAAFpIt42AAAAABzfRCGQQpkNAQAAAAABWVo=
        """);

    public static byte[] OneByte => Decode(
        """
        /Td6WFoAAAFpIt42AgAhARYAAAB0L+WjAQAAeAAAAACDFtyMAAEVAaljNGCQQpkNAQAAAAABWVo=
        """);

    public static byte[] Stored => Decode(
        """
        /Td6WFoAAAFpIt42AgAhARYAAAB0L+WjAQXbbIKlYsuAjRDWMr6JyFE+v2ySnzTd+oyfY8mWDvbjSKNSjIo/zC8ETjmj/FuUSS+PAy51SaIAmPlb79YSSKI8
        16gWiDnpH4A1WPrJ9gldnJJ5GXATI0KqBBaLrQrm27GFXdy0dJAyuP44pmhLUUoz27/mR21e6t+emiSyaKuSO+koW9qWk8CP20PsxGmfRV8MiR6RGLN4xUsx
        XvJuNGWpP2EnYlw2qeVNQspdqH4HsD/LdqhyBjl7gfN4BCDlQnoghKDBTPXWZdR1q29Qr78K+S2LReu/uVr6GkfmF1b5weLSTsK6BxyA+KaWFb47FUjW4lVg
        9c8AL9qnSp1ewgAEQyPGcFPyZexby/1q6kfrNA9GToqPJKIyj8YXaOT/Z8OxOI8W5xcxFGBbEUV7gSuOukvoHuBDnMfXWywP9GuU28nsYIh6on9t7JVZ0LEk
        j2FI7NNn70ljSeJkIfG4eTN05CXyu3A/s9bpiz4M6CFJDMXUqnQY8s1aLwcgbf6Kr+kTervYFpxrD2xVRivrbWQCUdaQMc5BFrp/nNWkP2OHzG2RA90G/LOz
        uoQO1eoytcR+9q455O/W3lh+J65fxhg8WF0uZmYY70bkw0lYtFCkgmOIyQnn/nygUSyVKLaKmZwysmZaludimFeXkmmrrjdzzDeoOfyY3ZXd4H87fA2TLtYr
        dOKePmwPajFsF+rBYzI157b5L+BLBVXeUlVHBJkCY743novDd2vanZWJPfhDRxze3S5ccN0an5RXVeVKqIcNVgjfxEHaGB7Ag2O94naA1PeubI/cwUsy+skb
        vcp2MeUuL22rUkpxpkgCz1SL4uf2gbJzPAz2GQul1WLXhMqkJBi3i94H0BgxENfP2sTx0I7ZDPGJAiDB185jMZ1dFGT8aQPs/GXuButqsLExFZLdTQqu5dRj
        7+6FlKk+w4eVMLDo6qcTjyIBb1LOgm+Fe9dBXdx4kDFENJjrGHrvUsYAmP2BbKXc/PZT2XfcHaVy0/86JdzN9yHCkwCbLDyLBAp7Q04Lxk/F2szftIl+Cv9e
        uLagiRQvgMVYG9QnRMIbPwi1SqfIltfjoZ+vUAPOZDlBwfZDeag234m/xg0BhvBYFsjp8sg2A1XQzcihPs19wu8kqBiMdmlDuUhAAbj0Xe/wRkqRqm2YZjeR
        eN4V1RAzAHnzLUM0aEvBL2vaABAt5j3ixM8cEC+J/R0osH2E/ZxWn9T06nND0m/R8W0LzEUWsWAz58bW5/irk2sJgEXe8GVi92zrpCjxp/WUrpMSFE1rjKZ7
        C35XTXtvP4tIj/BdgN2zBGANMrgi+1UJDM7RgcBPpQmUtnzG9QiVW5uVWNEPTq8KgTVk1Rhr7b4+nl6HFeia72G5tyKtZtXCR4N7381AZ75MlGdzfYTp++bA
        N6CKitbjFIQG79xG4K4mqpDprIClsSVyyyzcYY8Twa+M7nOtPdseyum+eirki48xch/5erCTuJPqiVuMklUjNlko2tDL5XvOpeynDDwNcl511v6jFlQWnMJO
        Sgil/ESoS8HUrv3RAAoCf2qqyBHnAw2mpfoLQMwXvrYsShsYWaBHYfG4hFODrVMEMkpBFYZpMu2GxIq2io381FIkG2Xk24qt0vrV2JfyJH3jhoCyrZuQZ0F/
        0TUTVWhZBUo0y+KXrRi70a9lR9DTHf+/DwGuRAs9TlNRkEyo0mZ21tCg8mg+C/NTL5DenkXsIdj9/ertfP3tTK6MedQ/UvowfaIegi6Y0Lm7DKQcAUvQOqDZ
        9+tG7J1LWH89n9b8fKHvVqg79rOHCepNhJcVC8kyynMza/SjMd7zOV+M7a+kMm6uBeIcLi7AX0iGD6ff6IvkXIGLGduB+uz9EApKpdd8a5MiAcmizGy+xl6u
        UdUYiIdXdN54T7k1j3EuigvWBccunyDC/wnjDPVppGEu8g9dSqDFlLmsgBlh/OwVWgsdCsEy5FRE37BcckGnDfwqGer0Kb8HHL1S/at3RA/VDCZHp/YqAIlj
        tnMAAfAL3AsAABUVwME+MA2LAgAAAAABWVo=
        """);

    public static byte[] Zeros => Decode(
        """
        /Td6WFoAAAFpIt42AgAhARYAAAB0L+Wj4YafAFNdAABv/f//o7f/Rz5IFXI5YVG4kijmo4YH+e7kHoLTL8U6PAFLsX7JiopNL6MN2X+m44wjEVPgWRjFdYri
        d/i2lH8MasDedElk4ulcU7IE1rH1lwAAAAB9lRHUAAFroI0GAACGpv/KPjANiwIAAAAAAVla
        """);

    public static byte[] Periods => Decode(
        """
        /Td6WFoAAAFpIt42AgAhARYAAAB0L+Wj4F2/AcFdADZv+7/+o7C6Oe5KfapzkhzfIqSMsmsQikkjC+h5DVZfdBiz00U8N896hrT3iM8+Y/yrSS7VJRCTwF50
        6c28IiTFrk7/qFclJor2+/L/kTaFZSiRxRv4e/uLQeTRK4vcVXKYO1HDvhiCtX1zP04uRq/F5KNaHAPRz6RdnR9sEJiB7njGOhOeYVWKJWsAlGnatiq8I3Fv
        SBZCBfJM4rSZLjc3VGtIb8EhOxykMhsu9DJxsM5By6OlO8uTYCRMpAsGojHsImEjm85JBWD/Go+0gvzPYbqOhMih7PkDwioFWNcuURmQBSgyQ82saCBEd+d6
        HWzrf3uBYcG46YbNGRHIGkkRLjZi1feucVem1e6afPlxTtW1x1k+KpSES0mstHb1glL2n05Fe/BulNmiqGaZ1xCYX4iJa8DASnsiCoI1VTq2pau6CqzaZ779
        3q/IEC6Rjj1vMqWkAKXsVZUpBRKpK17/9qUXBoTLBKJ63f+BP0wGD7PfwO8ygbUN4eA1r6pQ+QtdYHG5J1QvO4VVaP0SO9XZuUzG5SZ13PnuvNLugFMpsbAM
        vStYXzGKsvGGHAn1fKCytL1lqH8ciPIdkf9SvPwAAAAAAInhwQMAAdkDwLsBAFwtmRc+MA2LAgAAAAABWVo=
        """);

    public static byte[] Code => Decode(
        """
        /Td6WFoAAAFpIt42AgEEACEBFgANhjUf4A4dBrxdAAs6dlouhnUFt2qVMKVgE7SWB4E09rXYBp19UQgvAJWyvJBvnE3QUtZJvQWFyLL17shqU8IFszhJ98AU
        myFv7yE4Iwi0yHuIVvL3q7QGDkBwzk+Scs5GVjOnIrQuwq4eWkKaVsNnNCo7j9L6ohGnEgK53In5eTE4Kuj6sTKIjdwQ+PlV6MCNua0y80K+IDyxA9CLPzTv
        0Kh+HM3eflrnSJFpFBkGyqsn3DxxwMUnVm1Jdd5ygpGlUWwsmbm/QckgCT9mv6ic9g5Pi9RsYxx/mqrxLi4PquPlxJEdZYiiYM2OBABsZ/JlhS7NvTzbaa67
        a0RT9z/PkQeRNunnVjg2aouhcdXsBXDOEUqQqVgefdMllS5Cml81VK2Lo2/Hfp6oC6sOaUUvknV3RD/YZn8gxYcixyy6kmYN+qvYJmHaKxo/49+S0hpb8kNT
        RDUm+4+jAvlXeAHRdbJN1UXxCA1CWq/OGQcw0jr1Aq2rAYPWJv6CLElOHOlj13kllj1oHXkWBETIGrtAsBzNbECQ7qxJKGwFg+6RnCE5pJZd/isZJapNmOQD
        wyMbyItrTX+Pl6NhV8NfeyBpmLmZ6q4bQN1Eqjnf7IYyBo4go5DdyZp3RHw0PxdFbC7i2lAolgAZAbop7i0MjlXOWDQkGcdaPQUH94gSyG0hioGRNQu9V14u
        S03YVyiFdc+bFPKMtTsGjL0rN9eqf0ljLAfzxILeZWgoBg0HsTad94luu6m9OTGaFv2qc2EoigSzRbVeHuwrWtIqT9IKpjQm+JLQF20fBJrYMq+BI0RkBhvU
        r5B6B823/+yXaXVhxZLGH9QxGyVavdFmoWAsXcR1S0VFsYtMbQHEU6/bv1Ek+lVXbJN0YPVWYxZoxNzFSmrGXvglmWS0eavHMY2GH+rVYmZxWCG+3vAKOvws
        IJef8YCXlQlhx3U3dMkoB2Q7WLyJj1g9G6tKdbmd7nq6UpVUWkcYcL988y3gJe2t0HiLOPilXad63hI7zXaHiMHVwQhu12BpysdCUAUudQzs4UUkFY6evf56
        /7nPg70NoXpGnoWaMbgZsRQCAjVEYoBtJgkVxZEkvqhx9U8SgJ4GXGp2p8Kl+yN4NHEnySmuke2WzBcJd1t14Pawz1D9CZOxHTbkQDdxSgD/5nVaBGsUfbMZ
        J3hnwJFXK1pjSBNbpqwsweuVssmTjXj2yqASfwoD4ouJ0DwXIB8OU8s8tV1Lf4MhTjYhAcjaZ7NDVWwrol7JXJ2T0qO4GyAHkTF4TFdZ0Jx3+afxzZ7o6hpZ
        N1WuIeNThYKhuSdvfWOA/YhOOGQPgHbkQi8ICA0CmXWDafqEF3drh/cTna+qsAm1N9BeZmZU1QWPbs2KZCM5sO+GWXNqM2RfjNNmnc4go3EqzT9Sc90/mgGD
        VG64SDLpFn3yZW0tZfm43yE/bMKl4vxMi+WjmZIPBmdPIcoPs6I1kxrb5cB3DwaAZiMqyuVv/oyjIvEV48mbKVtrCOPqHLKA4cy1BhuWUt2XJfwJqytZV/nz
        F/LSwhNmINx5bQSA9XwSPzkwzFf6oJsQiFmz5TVFCjqYcCHRX9UED5vFnUmR2TMi765dx44puAcJjTTHKxFUcHom/ZsKB0mwVCm3VECniVCDT+Zvx+knKfsU
        35IOEud/5Y7Vvk2ZI+DfbVSuCuaMB6Q93pX7eAaKZrluUlSyQe/u+GFK9tvxQHSDGrm1lXPXY4EuC8re/rEjG2BJrw0dCl4zEU4Sz8Ktia6YXe9hsPHBk4RG
        m/GDm6zPhTfYmcEPCHB93yyoXN4k5KCuZnDOZ8KnwXZNV0wNu807fi2DVSkMOgcZA/Y04jExDbul1+CSohCz5wPErFO/uRu0aPC9UuB6ig9bQyij6gP0Gu3M
        w8+0eQC4+IteHVauA4WSD7fqDdyJy8l/S7kxdT632sZ6yNKUSIThp05uSmHPj1dsc/EtrbvIIM3mI1GLEgf+MLNDfjfb3377M/bfEnc/nt4k9DbeND+Igote
        0DcAaQLH0QB6apv/khS+7fwVPWlI8U6PeNC7E6RJRE576wk+xMBCmjJ2WjHaYC7ruTw+9HEGKGHrs8CPtUJ3QoX+Y9iI+FQIPOmQ5AztTXWvDdZ7eapsR2ix
        R03tRbJyzDHK3Qhg72CSCs6KE5tcqx3PBhJAd59NtuzHjxw2a76VYpobCBPLt/rXZcwP4crWVuwBWPst7kKA2LJdQqTtYKuwLJ3lx7tnBigtaFWOFbY5Bx09
        4UEGPp+dObiZ4yyi6v7scJHQooFxlYel36NAdJYP3I0Ghch5Dt0j6PMWA4ypAMCY3xEAAdQNnhwAANaCyfo+MA2LAgAAAAABWVo=
        """);

    public static byte[] Delta => Decode(
        """
        /Td6WFoAAAFpIt42AgEDAQAhARZ5IMTu4AJAAK9dADg8PM/m6ODqEQbpFaTO5ktR5BsuEZ+86uix3AijhNi1o9PdOrizLIGY9imkqbZwW5p6EKbzRwyqdkmo
        GRqT+IZbYFK1OsGz96rVQXQg4xzELYsVXNiaPOa/Zmr6a8liCDmBRzJqOTCS9pJx+2org9GgqdoG9eBKJkNyyZJhgcerdo3cVqrliXo1ubhRE/Jpu0R5YiHR
        SY5Y93MxOEQMKSN4GozCPMjnpqCe35mZqAAAAGcZbO0AAccBwQQAAN7yIDs+MA2LAgAAAAABWVo=
        """);

    public static byte[] Blocks => Decode(
        """
        /Td6WFoAAAFpIt42A8DIAegHIQEWAAAAw5WBwOAD5wDAXQA4GEkqwr2+QzB+BbZMtIgkLFHeNdAnwqzQbCdWeEI4u8UbdJr+xJpG8+vHjMcaM3h1s+oBdtHD
        OvPBwufJpb8xGCBIkHWIBnVUI6r5bEUCdPe8kNLBnkPXFeimLxZZHMttYGi9MoMp7Hg+c3QphZVFt8ngTQvMxjg2EdsHmOXhZhDq/V493UIq6j02YbQln6uW
        7p0OohEASB7Ggn+6V8mziJJmwLteln61i7ERAjNOYzbYEPUe1j3lcTzQ+3hEOugASrLO4gPA4AHoByEBFgAAAOfWC5zgA+cA2F0ANB5KRAXj5oT6hXnXwVYn
        3zObmE8bV9D+u8rj+rD9VlcoljrxZk31kohoYF0ZUt6r761Bz5cDqjHHU03ittmAGq+5fSYANr+tDrIDOCyMRsL+hQtdfxKdtLNdLRD2zZ8CT9u0tN2l8qCP
        gn7WhWaIkQHXiDYcGFJv64twxwk0XmhI9KaZPu3jbC1RZSna5jjLlaVLsEcEO88FtbLB/BdjWK+6hMUU9ZnIV3/irrr0YT5xayKenckdFFXlKreJbF6Qs3lw
        OAun9eY1UAisMSJznX1Ev8OWJ3NyAO6KDJEDwIQC6AchARYAAAAoTop94APnAPxdAABsytPBYMYOaJSBCEaCr1oRm2IdO5ywNuozprwDvMhTMiLEKaNlOvEd
        RUsNqthkujLIjfBWUACm+hv3RDRpd6pM+/vDuTYlQSnejIL4MA6a8zyDHg8kprpkn+xQQ8XK2BAn7L2R4n6WkLxUDh0X+lWf9e+6XYH2sUhh9gdhlV6cdcJ8
        WwkavZ6eRx63wJyMxxbkvdcNoyZ1b+yRt2y+ovAorCxGxM0n86/aQqtdRFGPE4WGsd15nPw9nbCnV9UKgKgAkFMygckUfAcq9iK26YR8p/99DQLqHkv6aZSi
        ALWs55cQGZTMRS45ihtCGEwXjhBBBRyU1IB6wqjCkwDVOIVFA8B/7wQhARYAAAAAlSVThuACbgB3XQAyiAino5SvjXXaBtlNhV+2trJEvX5okrjwELXir/J0
        2RMiF9fKvwDIMSMlZmQvXrqgjvMy5gECN+Pix34+S3D85nLO+W0w7ig9L0pmjveA6ePkMwHiyS5fxYu7NFupmQK9AMMnveULoXF/0ZNInqGznp1B6Nb2QAAA
        ymtxHQAE3AHoB/QB6AeYAugHkwHvBAAAeyASRoYACJYFAAAAAAFZWg==
        """);

    public static byte[] CodeWithStart => Decode(
        """
        /Td6WFoAAATm1rRGAwEEBAAQAAAhARYAXLHI++AOHQa8XQALOnZbJoZ1BbiTVTClYAD8DU2vy+Q61fLWincoGtQNQLt00g6H/nJfDDQk3Pdwwi5CqorowLsq
        oTYAqHdaJxxmxV6wdds48cR7ohW2OSe9tIsyh5gWJLfejgvAtN8f20/HG6DISPdTx/VPij55AZdSYBNm2hRJP/j7JJuDfHZOCxl5eMZROensJiEOm3RHobN6
        zrbSkoATiZ80BZO6AClnyBpwzMB8OhP1TUSEEC1gRCi39FWgZML98M2tIvWM2KCrDTAS5q55I4Iid/9lZKNLnuC0VesGgP5Iygo3Xx7zKQv5zQX9RriSRO91
        V/p2X68W1RmVVs74bX3d3btlVTazbSi2T9TysfLCXqZathi7ckn5/m/jNKGfFi3pWLY+QDYQGBGNK2OG6haugGfF+NfaG+ub36MoXpWOjtsyAFbllDcnHt/X
        oAUtOGERgx1Vjy/XY0DibOwQtbVxBpAhKuy8Eb/9V1GmnsB2nNdcCpLqLPrJrP7pQTM1SxnVwPbUZJW8aYP3jBY+C4T+kJDJL7f7bZOsyKhX+MgQvyu7FBuX
        WYJ08NzZqPWvuGZTec1ZRxDCa5N0jkRzEZOj0tfxXPl03E88bpCyVCNZFd8wj6AGsLpoWFxoH9ZzKZXhrbhTL5I1/+aBxibsBRei8ACKxJP7HKUCbRE/6Ytu
        9APILqaxnuenWyR6P0PuoXpN3omVre7Jbaoq7/HTUQmImz9zLbA3S8sO1FoowE8aFQQi0kfFwSD6O6hAeD8LDDUo2F9TF/vuKQXCSOfPV13yw+zI+hgDgP4b
        0QSyDwQSKl0t0IsOm8nM+tM6KS9ug7GACbFNi1PsYLQdnn6lnHzGh+/TQ1M3S0yOFgxvd9Twf3/QarUUz4Tfg1RVJxtnBD52r+noMuJT8hABPHPwf5qd8MeP
        26dddpphLy5hyNac7bYNAbs/wfttwj9RHA00l995OgM4ZUp+M+kKB3u/eBlolVjr/mBI25dznYmOyyOsG7Vrjt+00kRf19UhcGlRAlPZ4h2ikrYSrumjl7iR
        9bOIZdVM7ckDYKARpUULA5wPnKwr4J5q6ESP2vhnqN3xEOPPBgcdXRz+FOhyeHW4hEv0dXK5jyYiLKnYeQeKHkrHWAVWUYp/tMBWkeUv2bwxd/2O+EKEWb44
        t2nBebBqmczlPB1vLK5e8GZ7qLVAnoxaGWIgtZ3ddKlcJEXejUw2RaZVazASQSBDBO/KyRyDx8z316J4zkZM2L+egM2rXGaMf55z6A3JgAKE6og19Yd0ZkMk
        /FGxuzwn16kPV79RGoERuEGlc1Bcyp2E6VFl15XuqxQjndfmx5MbXlc2QuU67c5/VDnc9/9J7Upx+HO4rFz8x/aCtbluNCjM3n1EQRFJQH/MBn7dhDdTtDnD
        TDtKj7sTWNBwSbWWnwd+ffcXMP1xSvyE2qqyHUEzHfqvXNWK2sp7YVHnNGKoLclFt2Ru/orO/Ks9tf8vf27dSDr9zpMz/07WayREj94KBigbuIZBN2dTsInK
        a8ybk/RsycwDfqJfeM3HiLNqWJgGnetXFPZuYNPIpWfXCg29qO+XSrr+h+RA0cWjWxxvyRPiflV+yZKRcW/VdZew1XX3Y5HL+hwX3gq0gdtg4P23UpvqE9IQ
        PwCBddm/vGrElPQolFMLMm8bh6ku9JBpLz/yXZJYbN+Wl2FTgTLGcFaDjGMHkhHjS2afzUQ+ANVxBis5luQfO7UzpQu6NWLe4sURXONohLhfYCKwyMLXjjjL
        atiV7ZpkKlRUInz2xv4OH5D9/gW/SQaQHoeQtzSKYweWikV4JLKy8e9ysMf5ifPQJran4YefnciiG1fjia1LspIwK3Ne+ffvgS5Eufiu+fg7aYkdiYkiKK6V
        uDF+ezVp2GWhqrrRIbWTzZE6mVV8biUrWbIPTuZH1XF8L2EcxTBxwpcQ0eBF6F5TJiQ6PmJbWFBWZSsZDLdafhgDb+E08vQKDefQsvQ0PoL1krNaLfh4AXfp
        0aDWCbjfImezcV2RRUdlQ1cAbVjgP7k2h0MdYEQqQ3fagL3PT0rBd0iasoc+zPxRRawcPGyu9MGXosOW997Twd4bMEQIWl6s7Ho9bYj9m7aEr6WpFvfJEa2g
        ug6Y0JJaE6Un8cOH7ksHyb39hu6q4Le8WTWayHR4ly52zFzJEXuAImoFkE6wGPaWBptfmTnlimbZugyApPXx+p2g57qE5Qt4EzgS+2rQD1hmaNztsz+6dQuY
        WNmNgIjfTPv4E+eCYOBI9iBkVAKtW8bLsTilFGqFqDaV/p06yn6lBpVUB8XADWz0RACi0Lh3a3f76gAB3A2eHAAAuwCaFrHEZ/sCAAAAAARZWg==
        """);

    /// <summary>Words, with zeros and noise here and there.</summary>
    public static byte[] TextData(int words)
    {
        string[] vocabulary =
        [
            "hypervisor ", "domain ", "event ", "channel ", "grant ", "table ", "page ", "frame ", "xen ", "a ", "the ", "zero ",
        ];
        List<byte> text = [];
        foreach (byte value in Noise(words, 7))
        {
            text.AddRange(System.Text.Encoding.ASCII.GetBytes(vocabulary[value % 12]));
            if (value > 250)
            {
                text.AddRange(new byte[300]);
            }

            if (value == 3)
            {
                text.AddRange(Noise(40, (ulong)text.Count));
            }
        }

        return [.. text];
    }

    /// <summary>Calls and jumps to a few targets, and bytes that only look like them.</summary>
    public static byte[] CodeData(int instructions)
    {
        byte[] noise = Noise(4 * instructions, 11);
        List<byte> code = [];
        for (int i = 0; i + 4 < noise.Length;)
        {
            byte value = noise[i];
            i++;
            if (value < 96)
            {
                code.Add((value & 1) != 0 ? (byte)0xe8 : (byte)0xe9);
                uint operand = unchecked((uint)((value % 7 * 0x91) - (code.Count + 4)));
                code.AddRange(BitConverter.GetBytes(operand));
            }
            else if (value < 128)
            {
                code.AddRange(new byte[] { 0xe8, 0xe9, 0x00, 0xff }[..(1 + (value % 4))]);
            }
            else
            {
                code.Add((byte)(noise[i] & 0x3f));
                i++;
            }
        }

        return [.. code];
    }

    /// <summary>Runs that repeat after 1, 2, ... 24 bytes.</summary>
    public static byte[] PeriodData()
    {
        List<byte> data = [];
        for (int period = 1; period < 25; period++)
        {
            byte[] pattern = Noise(period, (ulong)period);
            for (int i = 0; i < 1000; i++)
            {
                data.Add(pattern[i % period]);
            }
        }

        return [.. data];
    }

    /// <summary>Bytes without order, the same for the same seed.</summary>
    public static byte[] Noise(int length, ulong seed = 1)
    {
        byte[] noise = new byte[length];
        for (int i = 0; i < length; i++)
        {
            seed = unchecked((seed * 6364136223846793005) + 1442695040888963407);
            noise[i] = (byte)(seed >> 56);
        }

        return noise;
    }

    private static byte[] Decode(string base64) => Convert.FromBase64String(base64.Replace("\n", "", StringComparison.Ordinal));
}
